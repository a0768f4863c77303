import { createHash } from 'node:crypto'
import type { Message, Task } from '@a2a-js/sdk'
import type { Did } from '@akshi/core'
import type { Sdk } from './sdk.ts'

/** Whose task it is, and of which agent. */
export interface TaskOwner {
  readonly agent: string
  /** The caller. */
  readonly owner: Did
}

/** A message that was given to an agent, or is about to be. */
export interface Dispatch extends TaskOwner {
  readonly messageId: string
  /** Of the message's content. */
  readonly hash: string
  readonly taskId: string
  readonly contextId: string
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  /** The message, where the agent may get it again after a crash. */
  readonly message?: unknown
  /** What the agent answered, if that was no task. */
  readonly answer?: unknown
}

export interface StoredTask extends TaskOwner {
  readonly task: Task
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** SHA-256 of what the message says; the same for the same message in either version of the protocol. */
export function hashOf (message: Message, { base }: Pick<Sdk, 'base'>): string {
  return createHash('sha256').update(JSON.stringify(base.Message.toJSON(message))).digest('base64url')
}

/** Names a task among those of all owners and agents. */
export function taskKey ({ agent, owner }: TaskOwner, id: string): string {
  return `${owner} ${agent} ${id}`
}

/** Names a message among those of all owners and agents. */
export function dispatchKey ({ agent, owner, messageId }: Pick<Dispatch, 'agent' | 'owner' | 'messageId'>): string {
  return `${owner} ${agent} ${messageId}`
}
