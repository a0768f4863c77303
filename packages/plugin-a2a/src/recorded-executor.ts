import type { Task } from '@a2a-js/sdk'
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server'
import { describeError, type Clock, type Did, type Logger } from '@akshi/core'
import { textMessage } from './agent-message.ts'
import type { Dispatch } from './task-record.ts'
import type { A2aStore } from './task-store.ts'
import type { TaskCodec } from './task-codec.ts'
import { turnKey, type Turn } from './turn.ts'

export interface RecordedExecutorOptions {
  readonly agent: string
  readonly idempotent: boolean
  readonly executor: AgentExecutor
  readonly store: A2aStore
  readonly codec: TaskCodec
  readonly clock: Clock
  readonly logger: Logger
}

/** An agent that gets a message only once it is on disk that it does. */
export class RecordedExecutor implements AgentExecutor {
  readonly #options: RecordedExecutorOptions

  constructor (options: RecordedExecutorOptions) {
    this.#options = options
  }

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { executor, store } = this.#options
    const turn = request.context.state.get(turnKey) as Turn | undefined
    if (turn === undefined) throw new TypeError('A message came past the record of messages')
    const dispatch = this.#dispatchOf(request, turn)
    await store.begin(dispatch, request.task === undefined ? this.#submitted(request) : undefined).catch((error: unknown) => {
      turn.refused(error)
      throw error
    })
    turn.dispatch = dispatch
    const watch = (event: Parameters<Turn['saw']>[0]) => {
      turn.saw(event)
      if (event.kind === 'message') store.answer(dispatch, event.data)
    }
    bus.on('event', watch)
    try {
      await executor.execute(request, bus)
    } catch (error) {
      this.#fail(request, bus, error)
    } finally {
      bus.off('event', watch)
      turn.ended()
    }
  }

  readonly cancelTask = (taskId: string, bus: ExecutionEventBus): Promise<void> => this.#options.executor.cancelTask(taskId, bus)

  /** As the SDK would, but into the node's log. An agent that has said nothing has its task said for it: a stream begins with one. */
  #fail (request: RequestContext, bus: ExecutionEventBus, error: unknown): void {
    const { agent, store, clock, logger } = this.#options
    const { taskId, contextId, context } = request
    logger.warn('an agent failed', { agent, task: taskId, reason: describeError(error) })
    const message = textMessage(`failed-${taskId}`, { taskId, contextId }, `The agent failed: ${error instanceof Error ? error.message : String(error)}`)
    const status = { state: 4, message, timestamp: new Date(clock.now()).toISOString() }
    const task = store.load({ agent, owner: context.user?.userName as Did }, taskId)
    if (task !== undefined) bus.publish({ kind: 'task', data: task })
    bus.publish({ kind: 'statusUpdate', data: { taskId, contextId, status, metadata: undefined } })
  }

  #dispatchOf ({ userMessage, taskId, contextId, context }: RequestContext, { hash }: Turn): Dispatch {
    const { agent, idempotent, codec, clock } = this.#options
    return {
      agent,
      owner: context.user?.userName as Did,
      messageId: userMessage.messageId,
      hash,
      taskId,
      contextId,
      at: clock.now(),
      ...idempotent && { message: codec.messageToJson(userMessage) }
    }
  }

  #submitted ({ userMessage, taskId, contextId }: RequestContext): Task {
    const timestamp = new Date(this.#options.clock.now()).toISOString()
    return { id: taskId, contextId, status: { state: 1, message: undefined, timestamp }, artifacts: [], history: [userMessage], metadata: undefined }
  }
}
