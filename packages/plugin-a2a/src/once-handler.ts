import type { Message, SendMessageRequest, StreamResponse, SubscribeToTaskRequest, Task } from '@a2a-js/sdk'
import type { A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server'
import type { Did } from '@akshi/core'
import type { Sdk } from './sdk.ts'
import { isTerminal, type TaskCodec } from './task-codec.ts'
import { hashOf } from './task-record.ts'
import type { A2aStore } from './task-store.ts'
import { Turn, turnKey } from './turn.ts'

export interface OnceHandlerOptions {
  readonly agent: string
  /** Does the work; its executor is a `RecordedExecutor`. */
  readonly handler: A2ARequestHandler
  readonly store: A2aStore
  readonly codec: TaskCodec
  readonly sdk: Sdk
}

type Outcome = { readonly turn: Turn } | { readonly taskId: string, readonly answer: Message | undefined }

/**
 * Gives a message to its agent at most once for each (caller, agent, message id). Whoever sends it again joins the work, or gets what
 * came of it; with other content it is refused. Everything else goes to the SDK's own handler as it is.
 */
export class OnceHandler {
  readonly #options: OnceHandlerOptions
  readonly #turns = new Map<string, Turn>()

  constructor (options: OnceHandlerOptions) {
    this.#options = options
  }

  /** The handler for the SDK's routes. */
  handler (): A2ARequestHandler {
    const { handler } = this.#options
    return {
      getAgentCard: () => handler.getAgentCard(),
      getAuthenticatedExtendedAgentCard: (params, context) => handler.getAuthenticatedExtendedAgentCard(params, context),
      getTask: (params, context) => handler.getTask(params, context),
      listTasks: (params, context) => handler.listTasks(params, context),
      cancelTask: (params, context) => handler.cancelTask(params, context),
      resubscribe: (params, context) => handler.resubscribe(params, context),
      createTaskPushNotificationConfig: (params, context) => handler.createTaskPushNotificationConfig(params, context),
      getTaskPushNotificationConfig: (params, context) => handler.getTaskPushNotificationConfig(params, context),
      listTaskPushNotificationConfigs: (params, context) => handler.listTaskPushNotificationConfigs(params, context),
      deleteTaskPushNotificationConfig: (params, context) => handler.deleteTaskPushNotificationConfig(params, context),
      sendMessage: (params, context) => this.send(params, context),
      sendMessageStream: (params, context) => this.stream(params, context)
    }
  }

  async send (params: SendMessageRequest, context: ServerCallContext): Promise<Message | Task> {
    const outcome = await this.#claim(params, context)
    if (!('turn' in outcome)) return await this.#await(outcome, params, context)
    const result = await this.#run(params, context, outcome.turn, () => this.#options.handler.sendMessage(params, context))
    await this.#options.store.settled()
    return result
  }

  async * stream (params: SendMessageRequest, context: ServerCallContext): AsyncGenerator<StreamResponse, void, undefined> {
    const outcome = await this.#claim(params, context)
    if (!('turn' in outcome)) return yield * this.#join(outcome, context)
    const { handler, store } = this.#options
    const events = handler.sendMessageStream(params, context)
    try {
      let next = await this.#run(params, context, outcome.turn, () => events.next())
      for (; next.done !== true; next = await events.next()) {
        await store.settled()
        yield next.value
      }
    } finally {
      await events.return()
    }
  }

  /** Runs a message again that a crash has interrupted, in its old task. */
  async again (params: SendMessageRequest, context: ServerCallContext, hash: string): Promise<void> {
    const turn = new Turn(hash)
    this.#turns.set(this.#keyOf(params, context), turn)
    await this.#run(params, context, turn, () => this.#options.handler.sendMessage(params, context))
  }

  /** Makes the caller the one who does the work, or tells what has become of it already. */
  async #claim (params: SendMessageRequest, context: ServerCallContext): Promise<Outcome> {
    const { agent, store, sdk, codec } = this.#options
    const { message } = params
    if (!message?.messageId) throw new sdk.errors.RequestMalformedError('message.messageId is required.')
    const [key, hash] = [this.#keyOf(params, context), hashOf(message, sdk)]
    for (;;) {
      const turn = this.#turns.get(key)
      const known = turn ?? store.dispatch({ agent, owner: ownerOf(context), messageId: message.messageId })
      if (known === undefined) {
        const own = new Turn(hash)
        this.#turns.set(key, own)
        return { turn: own }
      }
      if (known.hash !== hash) throw new sdk.errors.RequestMalformedError(`Message id "${message.messageId.slice(0, 80)}" was used before for another message; give this one an id of its own.`)
      if (!(known instanceof Turn)) return { taskId: known.taskId, answer: known.answer === undefined ? undefined : codec.messageFromJson(known.answer) }
      const taskId = await known.first.catch(() => undefined)      // refused, so it may be tried anew
      if (taskId !== undefined) return { taskId, answer: known.answer }
    }
  }

  async #run<Result> (params: SendMessageRequest, context: ServerCallContext, turn: Turn, start: () => Promise<Result>): Promise<Result> {
    context.state.set(turnKey, turn)
    const leave = () => { this.#turns.delete(this.#keyOf(params, context)) }
    turn.first.then(leave, leave)                                  // from then on the store knows
    try {
      return await start()
    } catch (error) {
      if (turn.dispatch === undefined) turn.refused(error)
      throw error
    }
  }

  async #await ({ taskId, answer }: Exclude<Outcome, { turn: Turn }>, { configuration }: SendMessageRequest, context: ServerCallContext): Promise<Message | Task> {
    if (answer !== undefined) return answer
    if (configuration?.returnImmediately !== true) {
      await lastOf(this.#join({ taskId, answer }, context))
    }
    return this.#load(taskId, context)
  }

  async * #join ({ taskId, answer }: Exclude<Outcome, { turn: Turn }>, context: ServerCallContext): AsyncGenerator<StreamResponse, void, undefined> {
    if (answer !== undefined) return yield { payload: { $case: 'message', value: answer } }
    const task = this.#load(taskId, context)
    if (isTerminal(task)) return yield { payload: { $case: 'task', value: task } }
    const subscription: SubscribeToTaskRequest = { tenant: '', id: taskId }
    yield * this.#options.handler.resubscribe(subscription, context)
  }

  #load (taskId: string, context: ServerCallContext): Task {
    const { agent, store, sdk } = this.#options
    const task = store.load({ agent, owner: ownerOf(context) }, taskId)
    if (task === undefined) throw new sdk.errors.TaskNotFoundError(`The message was handled before, and its task ${taskId} is not kept any more.`)
    return task
  }

  #keyOf ({ message }: SendMessageRequest, context: ServerCallContext): string {
    return `${ownerOf(context)} ${message?.messageId}`
  }
}

async function lastOf<Item> (items: AsyncGenerator<Item, void>): Promise<void> {
  while ((await items.next()).done !== true);
}

function ownerOf ({ user }: ServerCallContext): Did {
  return user?.userName as Did
}
