import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { AgentExecutor } from '@a2a-js/sdk/server'
import type { Message, Task } from '@a2a-js/sdk'
import type { Clock, Did, Logger } from '@akshi/core'
import type { SignedCard } from './agent-card.ts'
import type { AgentDefinition } from './agent-definition.ts'
import { textMessage } from './agent-message.ts'
import { agentRoutes } from './agent-routes.ts'
import { userOf } from './caller-user.ts'
import type { MessageLetter, OutcomeLetter } from './letter.ts'
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

/** Where a message stands, as ProtoJSON. */
export type Outcome = Pick<OutcomeLetter, 'task' | 'answer' | 'error'>

/** Of what goes into a letter; an envelope takes 1 MiB. */
const maxOutcomeBytes = 900_000

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
   * Gives a message of another node to the agent, once; `saw` hears where it stands when the agent has it, and at the end. Resolves at the
   * end. Rejects when the message is refused.
   */
  async give (owner: Did, { message: json, of }: Pick<MessageLetter, 'message' | 'of'>, saw: (outcome: Outcome) => void): Promise<void> {
    const { codec, sdk, store, definition: { name: agent } } = this.#options
    const first = of === undefined ? undefined : store.dispatch({ agent, owner, messageId: of })
    if (of !== undefined && first === undefined) throw new sdk.errors.TaskNotFoundError('The task that this message belongs to is not known here.')
    const message: Message = { ...codec.messageFromJson(json), ...first !== undefined && { taskId: first.taskId, contextId: first.contextId } }
    const context = new sdk.server.ServerCallContext({ user: userOf(owner), requestedVersion: '1.0' })
    const events = this.#once.stream({ tenant: '', message, configuration: undefined, metadata: undefined }, context)
    if ((await events.next()).done !== true) saw(this.outcome(owner, message.messageId) ?? {})
    while ((await events.next()).done !== true);
    await store.settled()
    saw(this.outcome(owner, message.messageId) ?? {})
  }

  /** Where a message stands that the agent was given; `undefined` for one that it was not. */
  outcome (owner: Did, messageId: string): Outcome | undefined {
    const { codec, store, definition: { name: agent } } = this.#options
    const dispatch = store.dispatch({ agent, owner, messageId })
    if (dispatch === undefined) return undefined
    if (dispatch.answer !== undefined) return { answer: dispatch.answer }
    const task = store.load({ agent, owner }, dispatch.taskId)
    return task === undefined ? { error: { reason: 'TASK_FORGOTTEN', message: 'The agent had the message; its task is not kept any more.' } } : { task: codec.taskToJson(fitting(task, codec)) }
  }

  /** Ends the task of a message, or sees to it that the message is never given to the agent. Resolves to where it stands then. */
  async cancel (owner: Did, messageId: string, hash: string): Promise<Outcome> {
    const { store, clock, definition: { name: agent }, sdk } = this.#options
    const dispatch = store.dispatch({ agent, owner, messageId })
    if (dispatch === undefined) {
      const [taskId, contextId] = [randomUUID(), randomUUID()]
      const task: Task = { id: taskId, contextId, status: { state: 5, message: undefined, timestamp: new Date(clock.now()).toISOString() }, artifacts: [], history: [], metadata: undefined }
      await store.begin({ agent, owner, messageId, hash, taskId, contextId, at: clock.now() }, task)
    } else {
      const context = new sdk.server.ServerCallContext({ user: userOf(owner), requestedVersion: '1.0' })
      await this.#once.handler().cancelTask({ tenant: '', id: dispatch.taskId, metadata: undefined }, context).catch(() => {})     // it has ended, or ends by itself
    }
    return this.outcome(owner, messageId) ?? {}
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

/** A task, without its output where that is more than a letter takes. */
function fitting (task: Task, codec: TaskCodec): Task {
  const { id: taskId, contextId } = task
  const bytes = JSON.stringify(codec.taskToJson(task)).length
  if (bytes <= maxOutcomeBytes) return task
  const text = `The output of ${bytes} bytes is too large to be carried by others. Ask for task ${taskId} when its node can be reached.`
  return { ...task, artifacts: [], history: [], ...task.status !== undefined && { status: { ...task.status, message: textMessage(`large-${taskId}`, { taskId, contextId }, text) } } }
}
