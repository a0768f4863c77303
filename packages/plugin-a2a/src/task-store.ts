import type { ListTasksRequest, ListTasksResponse, Message, Task } from '@a2a-js/sdk'
import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server'
import { MeshError, type Clock, type Did } from '@akshi/core'
import { pageOf } from './task-page.ts'
import { RecordLog, type LogRecord } from './record-log.ts'
import { isActive, isTerminal, type TaskCodec } from './task-codec.ts'
import { dispatchKey, taskKey, type Dispatch, type StoredTask, type TaskOwner } from './task-record.ts'

interface KeptTask extends StoredTask {
  bytes: number
}

export interface A2aStoreOptions {
  readonly path: string
  readonly maxTasksBytes: number
  readonly keepMs: number
  readonly clock: Clock
  readonly codec: TaskCodec
}

/** What a dispatch takes in memory is some hundred bytes. */
const maxDispatches = 200_000
const slackBytes = 8_388_608

/**
 * Tasks of this node's agents, and which messages these were given. Kept in memory and in one file: dispatches and the states that a
 * task can rest in are durable before the caller hears of them; what happens in between survives the process as far as it was written.
 */
export class A2aStore {
  readonly #options: A2aStoreOptions
  readonly #log: RecordLog
  readonly #tasks = new Map<string, KeptTask>()
  readonly #dispatches = new Map<string, Dispatch>()
  readonly #listeners = new Set<(stored: StoredTask) => void>()
  readonly #answered = new Set<(dispatch: Dispatch, message: Message) => void>()
  #pending: Promise<void> = Promise.resolve()
  #taskBytes = 0
  #rewrittenBytes = 0

  constructor (options: A2aStoreOptions) {
    this.#options = options
    this.#log = new RecordLog(options.path)
  }

  /** Reads what was kept. Throws `MESH_DISK_FAILED`. */
  async open (): Promise<void> {
    for (const record of await this.#log.open()) this.#take(record)
    this.#forget()
    this.#compact()
  }

  async close (): Promise<void> {
    await this.#log.close()
  }

  /** Calls `listener` with each task that is saved. */
  onTask (listener: (stored: StoredTask) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Calls `listener` with each answer that is no task. */
  onAnswer (listener: (dispatch: Dispatch, message: Message) => void): void {
    this.#answered.add(listener)
  }

  dispatch (key: Pick<Dispatch, 'agent' | 'owner' | 'messageId'>): Dispatch | undefined {
    return this.#dispatches.get(dispatchKey(key))
  }

  /** Dispatches whose outcome nobody knows: the process ended before there was one. */
  unfinished (): readonly Dispatch[] {
    return [...this.#dispatches.values()].filter((dispatch) => {
      const kept = this.#tasks.get(taskKey(dispatch, dispatch.taskId))
      return dispatch.answer === undefined && kept !== undefined && isActive(kept.task)
    })
  }

  /** Tasks that were at work. */
  active (): readonly StoredTask[] {
    return [...this.#tasks.values()].filter(({ task }) => isActive(task))
  }

  all (): readonly StoredTask[] {
    return [...this.#tasks.values()]
  }

  /**
   * Resolves when it is durable that the message is given to the agent, with its task as submitted if that is new.
   *
   * @throws MeshError `MESH_RATE_LIMITED` when more are remembered than may be, `MESH_DISK_FAILED`.
   */
  async begin (dispatch: Dispatch, submitted: Task | undefined): Promise<void> {
    if (this.#dispatches.size >= maxDispatches) this.#forget()
    if (this.#dispatches.size >= maxDispatches) throw new MeshError('MESH_RATE_LIMITED', `${maxDispatches} messages within ${this.#options.keepMs / 3_600_000} hours are all that this node remembers. Try again later.`)
    this.#dispatches.set(dispatchKey(dispatch), dispatch)
    const saved = submitted === undefined ? undefined : this.save(dispatch, submitted)
    try {
      await Promise.all([this.#append({ t: 'dispatch', ...dispatch }), saved])
    } catch (error) {
      this.#dispatches.delete(dispatchKey(dispatch))
      throw error
    }
  }

  /** Notes an answer that is no task; the task that stood for it goes. Durable with `settled`. */
  answer (key: Pick<Dispatch, 'agent' | 'owner' | 'messageId'>, message: Message): void {
    const dispatch = this.dispatch(key)
    if (dispatch === undefined) return
    const answered = { ...dispatch, answer: this.#options.codec.messageToJson(message) }
    this.#dispatches.set(dispatchKey(key), answered)
    this.#drop(taskKey(dispatch, dispatch.taskId))
    this.#append({ t: 'dispatch', ...answered }).catch(() => {})
    for (const listener of this.#answered) listener(answered, message)
  }

  /** Resolves when all that was written before is durable. Throws `MESH_DISK_FAILED`. */
  async settled (): Promise<void> {
    await this.#pending
  }

  load ({ agent, owner }: TaskOwner, id: string): Task | undefined {
    const kept = this.#tasks.get(taskKey({ agent, owner }, id))
    return kept === undefined ? undefined : structuredClone(kept.task)
  }

  /** Resolves when the task is kept, durably if it can rest in this state. */
  async save ({ agent, owner }: TaskOwner, task: Task): Promise<void> {
    const key = taskKey({ agent, owner }, task.id)
    const known = this.#tasks.get(key)
    const now = this.#options.clock.now()
    const kept: KeptTask = { agent, owner, task: structuredClone(task), createdAt: known?.createdAt ?? now, updatedAt: now, bytes: known?.bytes ?? 0 }
    this.#tasks.delete(key)                                // the newest are last
    this.#tasks.set(key, kept)
    for (const listener of this.#listeners) listener(kept)
    if (known?.task.status?.state === task.status?.state && isActive(task)) return
    const written = this.#write(kept)
    if (!isActive(task)) await written
  }

  /** The SDK's store for one agent: tasks belong to the caller that made them. */
  forAgent (agent: string): TaskStore {
    const ownerOf = ({ user }: ServerCallContext): TaskOwner => ({ agent, owner: user?.userName as Did })
    return {
      save: (task, context) => this.save(ownerOf(context), task),
      load: async (id, context) => this.load(ownerOf(context), id),
      list: async (request, context) => this.#list(ownerOf(context), request)
    }
  }

  #list ({ agent, owner }: TaskOwner, request: ListTasksRequest): ListTasksResponse {
    const tasks = this.all().filter((kept) => kept.agent === agent && kept.owner === owner).map(({ task }) => task)
    return pageOf(tasks, request)
  }

  #write (kept: KeptTask): Promise<void> {
    const record = this.#recordOf(kept)
    const bytes = JSON.stringify(record).length
    this.#taskBytes += bytes - kept.bytes
    kept.bytes = bytes
    this.#evict()
    return this.#append(record)
  }

  #append (record: LogRecord): Promise<void> {
    const written = this.#log.append(record)
    this.#pending = Promise.all([this.#pending.catch(() => {}), written]).then(() => {})
    this.#pending.catch(() => {})
    written.then(() => this.#compact(), () => {})
    return written
  }

  #evict (): void {
    for (const [key, { task }] of this.#tasks) {
      if (this.#taskBytes <= this.#options.maxTasksBytes) return
      if (isTerminal(task)) this.#drop(key)
    }
  }

  #drop (key: string): void {
    this.#taskBytes -= this.#tasks.get(key)?.bytes ?? 0
    this.#tasks.delete(key)
  }

  #forget (): void {
    const before = this.#options.clock.now() - this.#options.keepMs
    for (const [key, { at }] of this.#dispatches) if (at < before) this.#dispatches.delete(key)
  }

  /** Writes the file anew when most of it is of the past. */
  #compact (): void {
    if (this.#log.bytes <= 2 * this.#rewrittenBytes + slackBytes) return
    this.#forget()
    const records = [...[...this.#dispatches.values()].map((dispatch) => ({ t: 'dispatch', ...dispatch })), ...this.all().map((kept) => this.#recordOf(kept))]
    this.#rewrittenBytes = this.#taskBytes + 512 * this.#dispatches.size
    this.#log.rewrite(records)
  }

  #recordOf ({ agent, owner, task, createdAt, updatedAt }: StoredTask): LogRecord {
    return { t: 'task', agent, owner, createdAt, updatedAt, task: this.#options.codec.taskToJson(task) }
  }

  #take ({ t, ...record }: LogRecord): void {
    if (t === 'dispatch') {
      const dispatch = record as unknown as Dispatch
      this.#dispatches.set(dispatchKey(dispatch), dispatch)
      if (dispatch.answer !== undefined) this.#drop(taskKey(dispatch, dispatch.taskId))
    } else if (t === 'task') {
      const { task: json, ...rest } = record as unknown as Omit<StoredTask, 'task'> & { task: unknown }
      const task = this.#options.codec.taskFromJson(json)
      const key = taskKey(rest, task.id)
      this.#drop(key)
      const bytes = JSON.stringify(json).length
      this.#taskBytes += bytes
      this.#tasks.set(key, { ...rest, task, bytes })
      this.#evict()
    }
  }
}
