import { createHash } from 'node:crypto'
import type { Message, Task } from '@a2a-js/sdk'
import type { Did } from '@akshi/core'

/** Names a message among those to all agents. */
export interface MessageKey {
  readonly node: Did
  readonly agent: string
  readonly messageId: string
}

/**
 * A message of this node that waits for its agent, or whose outcome is waited for. `queued`: the agent may not have it; `begun`: it has;
 * `done`: nothing more comes.
 */
export interface QueuedMessage extends MessageKey {
  /** Of the task as clients of this node know it. */
  readonly id: string
  readonly hash: string
  readonly message: Message
  /** The message whose task this one belongs to. */
  readonly of?: string
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  /** Until when it is tried to give it to the agent. */
  readonly expiresAt: number
  readonly state: 'queued' | 'begun' | 'done'
  readonly isCanceled?: boolean
  readonly task: Task
  /** What the agent answered, if that is no task. */
  readonly answer?: Message
}

const localId = /^sf-[\w-]{22}$/

/** The id of a task that this node keeps for its clients; the same for the same message. */
export function localTaskId ({ node, agent, messageId }: MessageKey): string {
  return `sf-${createHash('sha256').update(`${node} ${agent} ${messageId}`).digest('base64url').slice(0, 22)}`
}

export function isLocalTaskId (id: unknown): id is string {
  return typeof id === 'string' && localId.test(id)
}

export function messageKey ({ node, agent, messageId }: MessageKey): string {
  return `${node} ${agent} ${messageId}`
}

/** Messages to one agent are given to it in order. */
export function laneOf ({ node, agent }: Pick<MessageKey, 'node' | 'agent'>): string {
  return `${node} ${agent}`
}

/** Until when a message waits to be brought to its agent (ISO 8601), if it does. */
export function waitsUntil ({ state, expiresAt }: QueuedMessage): string | undefined {
  return state === 'queued' ? new Date(expiresAt).toISOString() : undefined
}
