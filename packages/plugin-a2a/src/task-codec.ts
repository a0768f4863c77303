import type { Message, Task } from '@a2a-js/sdk'
import type { Sdk } from './sdk.ts'

// TaskState of a2a.proto. The SDK's enum is a value, and the SDK is loaded late.
const submitted = 1
const working = 2
const inputRequired = 6
const authRequired = 8

/** Tasks and messages as ProtoJSON. */
export interface TaskCodec {
  taskToJson (task: Task): unknown
  taskFromJson (json: unknown): Task
  messageToJson (message: Message): unknown
  messageFromJson (json: unknown): Message
}

export function taskCodec ({ base: { Message, Task } }: Pick<Sdk, 'base'>): TaskCodec {
  return { taskToJson: Task.toJSON, taskFromJson: Task.fromJSON, messageToJson: Message.toJSON, messageFromJson: Message.fromJSON }
}

/** True while an agent is at work on it: what a crash interrupts. */
export function isActive ({ status }: Task): boolean {
  return status === undefined || status.state === submitted || status.state === working
}

/** True once nothing changes any more. */
export function isTerminal (task: Task): boolean {
  return !isActive(task) && task.status?.state !== inputRequired && task.status?.state !== authRequired
}
