import { MeshError, type Clock } from '@akshi/core'
import { RecordLog, type LogRecord } from './record-log.ts'
import { laneOf, messageKey, type MessageKey, type QueuedMessage } from './queued-message.ts'
import type { TaskCodec } from './task-codec.ts'

export interface MessageQueueOptions {
  readonly path: string
  /** How long a message that is done is remembered. */
  readonly keepMs: number
  readonly clock: Clock
  readonly codec: TaskCodec
}

const maxMessages = 10_000
const maxBytes = 67_108_864
const slackBytes = 8_388_608

/** Messages of this node to agents that could not be met, on disk before anybody hears of them, until their outcome has been here for a while. */
export class MessageQueue {
  readonly #options: MessageQueueOptions
  readonly #log: RecordLog
  readonly #messages = new Map<string, QueuedMessage>()
  readonly #sizes = new Map<string, number>()
  readonly #listeners = new Set<(message: QueuedMessage) => void>()
  #bytes = 0

  constructor (options: MessageQueueOptions) {
    this.#options = options
    this.#log = new RecordLog(options.path, 'queued A2A messages')
  }

  /** Reads what was kept. Throws `MESH_DISK_FAILED`. */
  async open (): Promise<void> {
    for (const record of await this.#log.open()) this.#note(this.#messageOf(record), JSON.stringify(record).length)
    this.#forget()
  }

  async close (): Promise<void> {
    await this.#log.close()
  }

  /** Calls `listener` with each message that is new or stands elsewhere. Returns the way to end that. */
  onChange (listener: (message: QueuedMessage) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  find (key: MessageKey): QueuedMessage | undefined {
    return this.#messages.get(messageKey(key))
  }

  /** The last message of a task. */
  ofTask (id: string): QueuedMessage | undefined {
    return this.all().filter((message) => message.id === id).at(-1)
  }

  /** In the order in which they came. */
  all (): readonly QueuedMessage[] {
    return [...this.#messages.values()]
  }

  /** Those to one agent that it may not have yet. */
  waiting (lane: string): readonly QueuedMessage[] {
    return this.all().filter((message) => message.state === 'queued' && laneOf(message) === lane)
  }

  /**
   * Resolves when the message is durable as it stands now.
   *
   * @throws MeshError `MESH_RATE_LIMITED` when there are too many, `MESH_DISK_FAILED`.
   */
  async put (message: QueuedMessage): Promise<void> {
    const key = messageKey(message)
    const before = this.#messages.get(key)
    const record = this.#recordOf(message)
    if (before === undefined) this.#makeRoom(JSON.stringify(record).length)
    this.#note(message, JSON.stringify(record).length)
    try {
      await this.#log.append(record)
    } catch (error) {
      if (before === undefined) this.#drop(key)
      throw error
    }
    for (const listener of this.#listeners) listener(message)
    this.#compact()
  }

  #makeRoom (bytes: number): void {
    if (this.#messages.size >= maxMessages || this.#bytes + bytes > maxBytes) this.#forget()
    for (const [key, { state }] of this.#messages) if ((this.#messages.size >= maxMessages || this.#bytes + bytes > maxBytes) && state === 'done') this.#drop(key)
    if (this.#messages.size < maxMessages && this.#bytes + bytes <= maxBytes) return
    throw new MeshError('MESH_RATE_LIMITED', 'Too many messages wait for agents that cannot be met. To see them, run: akshi a2a tasks')
  }

  #forget (): void {
    const before = this.#options.clock.now() - this.#options.keepMs
    for (const [key, { state, expiresAt }] of this.#messages) if (state === 'done' && expiresAt < before) this.#drop(key)
  }

  #compact (): void {
    if (this.#log.bytes > 2 * this.#bytes + slackBytes) this.#log.rewrite(this.all().map((message) => this.#recordOf(message)))
  }

  #note (message: QueuedMessage, bytes: number): void {
    const key = messageKey(message)
    this.#bytes += bytes - (this.#sizes.get(key) ?? 0)
    this.#sizes.set(key, bytes)
    this.#messages.set(key, message)
  }

  #drop (key: string): void {
    this.#bytes -= this.#sizes.get(key) ?? 0
    this.#sizes.delete(key)
    this.#messages.delete(key)
  }

  #recordOf ({ message, task, answer, ...rest }: QueuedMessage): LogRecord {
    const { codec } = this.#options
    return { ...rest, message: codec.messageToJson(message), task: codec.taskToJson(task), ...answer !== undefined && { answer: codec.messageToJson(answer) } }
  }

  #messageOf ({ message, task, answer, ...rest }: LogRecord): QueuedMessage {
    const { codec } = this.#options
    return { ...rest as Omit<QueuedMessage, 'message' | 'task' | 'answer'>, message: codec.messageFromJson(message), task: codec.taskFromJson(task), ...answer !== undefined && { answer: codec.messageFromJson(answer) } }
  }
}
