import type { RequestListener } from 'node:http'
import type { AgentExecutor } from '@a2a-js/sdk/server'
import type { Message, Task } from '@a2a-js/sdk'
import type { Clock, Logger } from '@akshi/core'
import type { SignedCard } from './agent-card.ts'
import type { AgentDefinition } from './agent-definition.ts'
import { textMessage } from './agent-message.ts'
import { agentRoutes } from './agent-routes.ts'
import { userOf } from './caller-user.ts'
import { OnceHandler } from './once-handler.ts'
import { RecordedExecutor } from './recorded-executor.ts'
import type { Sdk } from './sdk.ts'
import { isActive, type TaskCodec } from './task-codec.ts'
import type { Dispatch } from './task-record.ts'
import type { A2aStore } from './task-store.ts'

export interface HostedAgentOptions {
  readonly definition: AgentDefinition
  readonly executor: AgentExecutor
  readonly card: SignedCard
  readonly store: A2aStore
  readonly codec: TaskCodec
  readonly sdk: Sdk
  readonly maxMessageBytes: number
  readonly clock: Clock
  readonly logger: Logger
}

/** An agent of this node that answers A2A requests. */
export class HostedAgent {
  readonly definition: AgentDefinition
  /** As it is now: it may change while the agent is there. */
  card: SignedCard
  /** Answers requests below the agent's base; the DID of the caller is in `x-akshi-peer`. */
  readonly listener: RequestListener
  readonly #once: OnceHandler
  readonly #options: HostedAgentOptions

  constructor (options: HostedAgentOptions) {
    const { definition, executor, card, store, codec, sdk, clock, logger } = options
    const { name: agent, idempotent } = definition
    this.#options = options
    this.definition = definition
    this.card = card
    const recorded = new RecordedExecutor({ agent, idempotent, executor, store, codec, clock, logger })
    const handler = new sdk.server.DefaultRequestHandler(card.card, store.forAgent(agent), recorded)
    this.#once = new OnceHandler({ agent, handler, store, codec, sdk })
    this.listener = agentRoutes(this.#once.handler(), sdk, options.maxMessageBytes)
  }

  /**
   * Ends what the last process was at when it ended: a task fails and says so, or an idempotent agent gets its message again. Call it
   * before the first request.
   */
  async recover (): Promise<void> {
    const { store, definition: { name, idempotent }, logger } = this.#options
    for (const { owner, task } of store.active().filter(({ agent }) => agent === name)) {
      const last = store.unfinished().filter((dispatch) => dispatch.owner === owner && dispatch.taskId === task.id).sort((a, b) => a.at - b.at).at(-1)
      logger.warn('a task was interrupted when the node ended', { agent: name, task: task.id, again: idempotent && last?.message !== undefined })
      if (idempotent && last?.message !== undefined) await this.#runAgain(last, task)
      else await store.save({ agent: name, owner }, this.#interrupted(task))
    }
  }

  async #runAgain (dispatch: Dispatch, task: Task): Promise<void> {
    const { store, codec, sdk, logger } = this.#options
    const { owner, agent, taskId, contextId, hash } = dispatch
    const message: Message = { ...codec.messageFromJson(dispatch.message), taskId, contextId }
    // The SDK adds the message to the history once more.
    await store.save({ agent, owner }, { ...task, history: task.history.filter(({ messageId }) => messageId !== message.messageId) })
    const context = new sdk.server.ServerCallContext({ user: userOf(owner), requestedVersion: '1.0' })
    this.#once.again({ tenant: '', message, configuration: undefined, metadata: undefined }, context, hash)
      .catch((error: unknown) => logger.error('an interrupted message could not be given to its agent again', { agent, task: taskId, error: String(error) }))
  }

  #interrupted (task: Task): Task {
    const { clock } = this.#options
    const text = 'Interrupted: the node of this agent stopped while the task was running. What the agent did until then is not known; the message was not given to it again.'
    const message = textMessage(`interrupted-${task.id}`, { taskId: task.id, contextId: task.contextId }, text)
    return isActive(task) ? { ...task, status: { state: 4, message, timestamp: new Date(clock.now()).toISOString() } } : task
  }
}
