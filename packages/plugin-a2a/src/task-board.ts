import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Task } from '@a2a-js/sdk'
import type { Clock, Did, Random } from '@akshi/core'
import { AnswerReader, type TaskNews } from './answer-reader.ts'
import { fieldOf } from './json-field.ts'
import { observe } from './response-observer.ts'
import { TaskEvents } from './task-events.ts'
import { waitsUntil, type QueuedMessage } from './queued-message.ts'
import type { StoredTask } from './task-record.ts'
import type { A2aStore } from './task-store.ts'

/** A task as the operator sees it. */
export interface TaskView {
  readonly id: string
  /** DIDs of nodes, and `<agent>@<DID>` of agents. */
  readonly from: string
  readonly to: string
  readonly status: 'pending' | 'running' | 'completed' | 'failed'
  /** The A2A state: `working`, `input-required`, `canceled` and so on. */
  readonly state: string
  readonly input: string
  readonly output: string
  readonly error?: string
  /** There was more output than is kept here. */
  readonly truncated?: true
  /** The id that the agent's node gave it. */
  readonly task_id?: string
  /** It waits for its agent to be met, until then at the longest. */
  readonly queued_until?: string
  readonly created_at: string
  readonly completed_at?: string
}

/** A message on its way to an agent. */
export interface Sending {
  readonly node: Did
  readonly agent: string
  readonly path: string
  readonly body?: unknown
  readonly isSend: boolean
}

const maxViews = 1_000
const maxInputChars = 4_096
const maxOutputChars = 32_768
const ended = new Set(['completed', 'failed', 'canceled', 'rejected'])

/**
 * What this node knows of A2A tasks: those that others gave its agents, and those that were sent through its gateway, as far as their
 * answers pass here. A view for people and scripts, in memory; the tasks themselves are kept where their agents are.
 */
export class TaskBoard {
  readonly events: TaskEvents
  readonly #own: Did
  readonly #clock: Clock
  readonly #random: Random
  readonly #views = new Map<string, TaskView>()
  /** By node, agent and the id it has there. */
  readonly #remote = new Map<string, string>()

  constructor (own: Did, clock: Clock, random: Random) {
    this.#own = own
    this.#clock = clock
    this.#random = random
    this.events = new TaskEvents(random)
  }

  /** The newest first. */
  list (): readonly TaskView[] {
    return [...this.#views.values()].reverse()
  }

  get (id: string): TaskView | undefined {
    return this.#views.get(id)
  }

  /** An id for a task that is about to be sent. */
  newId (): string {
    return Buffer.from(this.#random.bytes(12)).toString('hex')
  }

  /** A task that is not sent yet. */
  announce (id: string, to: string, input: string): TaskView {
    this.#put({ id, from: this.#own, to, status: 'pending', state: 'submitted', input: input.slice(0, maxInputChars), output: '', created_at: this.#now() })
    return this.#views.get(id) as TaskView
  }

  /** Says why nothing more comes of a task, unless it has ended, or waits here: then it goes on without whoever has asked. */
  fail (id: string, error: string): void {
    const view = this.#views.get(id)
    if (view !== undefined && !ended.has(view.state) && view.queued_until === undefined) this.#update(view, { state: 'failed', error })
  }

  /** Shows the tasks that are kept here for agents of this node, and those that come. */
  follow (store: A2aStore): void {
    for (const stored of store.all()) this.#incoming(stored)
    store.onTask((stored) => this.#incoming(stored))
    store.onAnswer(({ taskId }, { parts }) => {
      const view = this.#views.get(taskId)
      if (view !== undefined) this.#update(view, { state: 'completed', output: textOf(parts) })
    })
  }

  /** Shows how a message stands that is queued here, also one of an earlier life. */
  queued (message: QueuedMessage): void {
    const { id: taskId, node, agent, task } = message
    const to = `${agent}@${node}`
    const known = this.#views.get(this.#remote.get(`${to} ${taskId}`) ?? '')
    const view = known ?? this.announce(taskId, to, textOf(message.message.parts))
    this.#remote.set(`${to} ${taskId}`, view.id)
    const { queued_until: _until, ...rest } = view
    const until = waitsUntil(message)
    this.#update({ ...rest, ...until !== undefined && { queued_until: until } }, { taskId, state: stateNames[task.status?.state ?? 0] ?? 'unknown', output: outputOf(task), ...errorOf(task) })
  }

  /** The task that a message is shown as is kept in the queue under this id. */
  isQueued (id: string, { node, agent }: Pick<Sending, 'node' | 'agent'>, taskId: string): void {
    this.#remote.set(`${agent}@${node} ${taskId}`, id)
  }

  /** Follows a request through the answer that it gets. Nothing of either is changed. Returns the id that it is shown under, if it is. */
  watch (sending: Sending, { headers }: IncomingMessage, response: ServerResponse): string | undefined {
    const given = headers['x-akshi-task']
    const id = typeof given === 'string' && this.#views.has(given) ? given : sending.isSend ? this.newId() : undefined
    const to = `${sending.agent}@${sending.node}`
    if (id !== undefined && id !== given) this.announce(id, to, inputOf(sending.body))
    const reader = new AnswerReader((news) => this.#heard(id, to, news))
    observe(response, reader, () => {
      if (id !== undefined && response.statusCode >= 400) this.fail(id, `the answer was ${response.statusCode}`)
    })
    return id
  }

  #incoming ({ agent, owner, task, createdAt }: StoredTask): void {
    if (owner === this.#own) return                              // shown as sent through the gateway
    const id = task.id
    if (!this.#views.has(id)) {
      this.#put({ id, from: owner, to: `${agent}@${this.#own}`, status: 'pending', state: 'submitted', input: textOf(task.history[0]?.parts).slice(0, maxInputChars), output: '', task_id: id, created_at: new Date(createdAt).toISOString() })
    }
    const view = this.#views.get(id)
    if (view !== undefined) this.#update(view, { state: stateNames[task.status?.state ?? 0] ?? 'unknown', output: outputOf(task), ...errorOf(task) })
  }

  #heard (id: string | undefined, to: string, { taskId, ...news }: TaskNews): void {
    const known = id ?? (taskId === undefined ? undefined : this.#remote.get(`${to} ${taskId}`))
    const view = known === undefined ? undefined : this.#views.get(known)
    if (view === undefined) return
    if (taskId !== undefined) this.#remote.set(`${to} ${taskId}`, view.id)
    this.#update(view, { ...news, ...taskId !== undefined && { taskId }, ...news.appended !== undefined && { output: view.output + news.appended } })
  }

  #update (view: TaskView, { state = view.state, output = view.output, error, taskId }: Pick<TaskNews, 'state' | 'output' | 'error' | 'taskId'>): void {
    const next: TaskView = {
      ...view,
      state,
      status: statusOf(state),
      output: output.slice(0, maxOutputChars),
      ...output.length > maxOutputChars && { truncated: true as const },
      ...error !== undefined && { error },
      ...taskId !== undefined && { task_id: taskId },
      ...ended.has(state) && { completed_at: view.completed_at ?? this.#now() }
    }
    if (JSON.stringify(next) !== JSON.stringify(this.#views.get(view.id))) this.#put(next)
  }

  #put (view: TaskView): void {
    const before = this.#views.get(view.id)
    this.#views.set(view.id, view)
    this.events.add(eventOf(before, view), view)
    for (const [id, { to, task_id: taskId }] of this.#views) {
      if (this.#views.size <= maxViews) return
      this.#views.delete(id)
      this.#remote.delete(`${to} ${taskId}`)
    }
  }

  #now (): string {
    return new Date(this.#clock.now()).toISOString()
  }
}

const stateNames: readonly string[] = ['unknown', 'submitted', 'working', 'completed', 'failed', 'canceled', 'input-required', 'rejected', 'auth-required']

function statusOf (state: string): TaskView['status'] {
  if (state === 'submitted') return 'pending'
  if (state === 'completed') return 'completed'
  return ended.has(state) ? 'failed' : 'running'
}

function eventOf (before: TaskView | undefined, { status }: TaskView): string {
  if (before === undefined) return 'task_created'
  if (status === 'completed' || status === 'failed') return `task_${status}`
  return before.status === 'pending' && status === 'running' ? 'task_started' : 'task_progress'
}

function inputOf (body: unknown): string {
  const parts = fieldOf(fieldOf(fieldOf(body, 'params') ?? body, 'message'), 'parts')
  return Array.isArray(parts) ? parts.map((part) => String(fieldOf(part, 'text') ?? '')).join('') : ''
}

function errorOf ({ status }: Task): { readonly error?: string } {
  const text = textOf(status?.message?.parts)
  return text !== '' && statusOf(stateNames[status?.state ?? 0] ?? '') === 'failed' ? { error: text } : {}
}

function outputOf ({ artifacts, status }: Task): string {
  const text = artifacts.map(({ parts }) => textOf(parts)).join('\n')
  return text === '' ? textOf(status?.message?.parts) : text
}

function textOf (parts: Task['artifacts'][number]['parts'] = []): string {
  return parts.map(({ content }) => content?.$case === 'text' ? content.value : '').join('')
}
