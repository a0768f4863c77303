import type { Message, SendMessageRequest, StreamResponse, Task } from '@a2a-js/sdk'
import type { A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server'
import type { Clock, Did } from '@akshi/core'
import { interfacesAt } from './agent-card.ts'
import { submittedTask, type Courier } from './courier.ts'
import type { MessageQueue } from './message-queue.ts'
import { isLocalTaskId, localTaskId, type QueuedMessage } from './queued-message.ts'
import type { Sdk } from './sdk.ts'
import { hashOf } from './task-record.ts'

export interface QueuedAgentOptions {
  readonly node: Did
  readonly agent: string
  readonly queue: MessageQueue
  readonly courier: Courier
  readonly sdk: Sdk
  /** How long messages are tried to be brought to the agent. */
  readonly lifeMs: number
  /** How long a call that waits for the outcome gets none before it is told how things stand. */
  readonly waitMs: number
  readonly newId: () => string
  readonly clock: Clock
}

/** An agent that is at work may take a moment to stop. */
const cancelMs = 5_000

/** An agent that cannot be met now, as an A2A server: messages to it are queued, and the tasks that stand for them live here. */
export class QueuedAgent {
  readonly #options: QueuedAgentOptions

  constructor (options: QueuedAgentOptions) {
    this.#options = options
  }

  /** The handler for the SDK's routes. */
  handler (): A2ARequestHandler {
    const { sdk, agent } = this.#options
    // Nobody is shown this one: the SDK looks there whether there are streams.
    const card = sdk.base.AgentCard.fromJSON({ name: agent, capabilities: { streaming: true }, supportedInterfaces: interfacesAt('') })
    const unsupported = () => Promise.reject(new sdk.errors.UnsupportedOperationError('The agent\'s node cannot be met now: only messages to it and their tasks are kept here.'))
    return {
      getAgentCard: async () => card,
      getAuthenticatedExtendedAgentCard: unsupported,
      listTasks: unsupported,
      createTaskPushNotificationConfig: unsupported,
      getTaskPushNotificationConfig: unsupported,
      listTaskPushNotificationConfigs: unsupported,
      deleteTaskPushNotificationConfig: unsupported,
      sendMessage: (params) => this.#send(params),
      sendMessageStream: (params) => this.#stream(params),
      getTask: async ({ id }) => this.#known(id).task,
      cancelTask: ({ id }) => this.#cancel(id),
      resubscribe: ({ id }, context) => this.#resubscribe(id, context)
    }
  }

  async #send (params: SendMessageRequest): Promise<Message | Task> {
    const queued = await this.#enqueue(params)
    const { answer, task } = params.configuration?.returnImmediately === true ? queued : await this.#outcome(queued)
    return answer ?? task
  }

  async * #stream (params: SendMessageRequest): AsyncGenerator<StreamResponse, void, undefined> {
    yield * this.#follow(await this.#enqueue(params))
  }

  async * #resubscribe (id: string, _context: ServerCallContext): AsyncGenerator<StreamResponse, void, undefined> {
    yield * this.#follow(this.#known(id))
  }

  async #cancel (id: string): Promise<Task> {
    const { courier, sdk } = this.#options
    const queued = this.#known(id)
    if (queued.state === 'done') throw new sdk.errors.TaskNotCancelableError(`Task ${id} has ended.`)
    await courier.cancel(queued)
    return (await this.#outcome(this.#known(id), cancelMs)).task
  }

  /** The message as it stands in the queue, put there now unless it is there already. Resolves when that is durable. */
  async #enqueue ({ message }: SendMessageRequest): Promise<QueuedMessage> {
    const { node, agent, queue, courier, sdk, lifeMs, newId, clock } = this.#options
    if (!message?.messageId) throw new sdk.errors.RequestMalformedError('message.messageId is required.')
    const hash = hashOf(message, sdk)
    const key = { node, agent, messageId: message.messageId }
    const known = queue.find(key)
    if (known !== undefined && known.hash !== hash) throw new sdk.errors.RequestMalformedError(`Message id "${message.messageId.slice(0, 80)}" was used before for another message; give this one an id of its own.`)
    if (known !== undefined) return known
    const before = isLocalTaskId(message.taskId) ? this.#known(message.taskId) : undefined
    const at = clock.now()
    const id = before?.id ?? localTaskId(key)
    const contextId = before?.task.contextId ?? (message.contextId === '' ? newId() : message.contextId)
    const task = submittedTask({ id, message, contextId, at })
    const queued: QueuedMessage = {
      ...key,
      id,
      hash,
      message: before === undefined ? message : { ...message, taskId: '', contextId: '' },
      ...before !== undefined && { of: before.of ?? before.messageId },
      createdAt: at,
      expiresAt: at + lifeMs,
      state: 'queued',
      task: before === undefined ? task : { ...task, history: [...before.task.history, message] }
    }
    await queue.put(queued)
    courier.ring()
    return queued
  }

  #known (id: string): QueuedMessage {
    const { queue, sdk, node, agent } = this.#options
    const queued = isLocalTaskId(id) ? queue.ofTask(id) : undefined
    if (queued === undefined || queued.node !== node || queued.agent !== agent) throw new sdk.errors.TaskNotFoundError(`Task ${id.slice(0, 80)} is not kept here (any more).`)
    return queued
  }

  /** Resolves when nothing more comes, or when the wait has been long enough. */
  async #outcome (queued: QueuedMessage, limitMs = this.#options.waitMs): Promise<QueuedMessage> {
    for await (const next of this.#changes(queued, limitMs)) queued = next
    return queued
  }

  /** First the task as it is, then what becomes of it until that is all. */
  async * #follow (queued: QueuedMessage): AsyncGenerator<StreamResponse, void, undefined> {
    yield { payload: { $case: 'task', value: queued.task } }
    for await (const { task } of this.#changes(queued)) {
      const place = { taskId: task.id, contextId: task.contextId, metadata: undefined }
      for (const artifact of task.artifacts) yield { payload: { $case: 'artifactUpdate', value: { ...place, artifact, append: false, lastChunk: true } } }
      yield { payload: { $case: 'statusUpdate', value: { ...place, status: task.status } } }
    }
  }

  /** How it stands, each time that this has changed, until nothing more comes. */
  async * #changes (queued: QueuedMessage, limitMs?: number): AsyncGenerator<QueuedMessage, void, undefined> {
    const { queue, clock } = this.#options
    const changed: QueuedMessage[] = []
    let wake = () => {}
    let isOver = queued.state === 'done'
    const leave = queue.onChange((next) => {
      if (next.id !== queued.id || next.messageId !== queued.messageId) return
      changed.push(next)
      wake()
    })
    const timer = limitMs === undefined ? undefined : clock.timer(limitMs, () => { isOver = true; wake() })
    try {
      for (;;) {
        const next = changed.shift()
        if (next !== undefined) yield next
        if (next?.state === 'done' || (isOver && changed.length === 0)) return
        if (changed.length === 0) await new Promise<void>((resolve) => { wake = resolve })
      }
    } finally {
      leave()
      timer?.cancel()
    }
  }
}
