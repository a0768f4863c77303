import type { Task } from '@a2a-js/sdk'
import { describeError, type Clock, type Did, type Logger, type Random, type SentMessage, type Timer } from '@akshi/core'
import { textMessage } from './agent-message.ts'
import type { OutcomeLetter } from './letter.ts'
import type { Letters } from './letters.ts'
import type { MessageQueue } from './message-queue.ts'
import { laneOf, messageKey, type QueuedMessage } from './queued-message.ts'
import { isActive, type TaskCodec } from './task-codec.ts'

export interface CourierOptions {
  readonly queue: MessageQueue
  readonly letters: Pick<Letters, 'send'>
  readonly codec: TaskCodec
  /** How long it is asked what has become of a message, once its agent has it. */
  readonly askMs: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

interface Turn {
  /** On the monotonic clock. */
  at: number
  tries: number
  hasFailed: boolean
  /** Letters that brought the message. */
  sent: SentMessage[]
}

/** Messages of one lane that are under way at a time. */
const window = 16
const firstMs = 5_000
const mostMs = 300_000
/** Who takes so long is not there. */
const slowMs = 2_000
const [submitted, completed, failed, canceled] = [1, 3, 4, 5] as const

/**
 * Brings queued messages to their agents, each until it is known to be there, and asks for their outcome until that is known. Repeating
 * is safe: the agent's node gives a message to its agent once.
 */
export class Courier {
  readonly #options: CourierOptions
  readonly #turns = new Map<string, Turn>()
  /** What an earlier life has sent is not known. */
  readonly #startedAt: number
  #timer: Timer | undefined
  #working: Promise<void> | undefined
  #isRung = false
  #isStopped = false

  constructor (options: CourierOptions) {
    this.#options = options
    this.#startedAt = options.clock.now()
  }

  /** There is something new to bring. Returns at once. */
  ring (): void {
    this.#isRung = true
    if (this.#isStopped || this.#working !== undefined) return
    this.#timer?.cancel()
    this.#working = this.#work().finally(() => {
      this.#working = undefined
      if (this.#isRung) this.ring()
    })
  }

  /** There is news of a node: what could not be sealed or handed to anybody before is tried again. Returns at once. */
  met (node: Did): void {
    for (const message of this.#options.queue.all()) {
      const turn = message.node === node ? this.#turns.get(messageKey(message)) : undefined
      if (turn?.hasFailed === true) this.#turns.set(messageKey(message), { ...turn, at: -Infinity, hasFailed: false })
    }
    this.ring()
  }

  async stop (): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#working
  }

  /** What another node says of a message. Resolves when it is durable. */
  async heard (node: Did, { agent, messageId, task, answer, error }: OutcomeLetter): Promise<void> {
    const { queue, codec, logger } = this.#options
    const message = queue.find({ node, agent, messageId })
    if (message === undefined || message.state === 'done') return
    if (task !== undefined) return await this.#stands(message, codec.taskFromJson(task))
    if (answer !== undefined) {
      const said = codec.messageFromJson(answer)
      return await this.#end(message, completed, { ...said, taskId: message.id, contextId: message.task.contextId }, { answer: said })
    }
    if (error !== undefined) {
      logger.warn('an A2A message was refused', { to: `${agent}@${node}`, reason: error.message })
      return await this.#fail(message, error.message)
    }
    if (message.state === 'begun') await this.#fail(message, 'The agent\'s node had the message and knows nothing of it any more. It is not sent again, since the agent may have done what it says.')
  }

  /** A message is not wanted any more. Its agent is told, if it may have it. Resolves when that is durable. */
  async cancel (message: QueuedMessage): Promise<void> {
    if (message.state === 'done') return
    await this.#working                                                              // what is on its way cannot be taken back
    if (message.state === 'queued' && this.#recall(message)) return await this.#end(message, canceled, undefined)
    await this.#options.queue.put({ ...message, isCanceled: true })
    this.#turns.delete(messageKey(message))
    this.ring()
  }

  async #work (): Promise<void> {
    this.#isRung = false
    const lanes = new Map<string, QueuedMessage[]>()
    for (const message of this.#options.queue.all()) {
      if (message.state === 'done') continue
      const lane = lanes.get(laneOf(message)) ?? []
      lane.push(message)
      lanes.set(laneOf(message), lane)
    }
    await Promise.all([...lanes.values()].map((lane) => this.#serve(lane)))
    this.#sleep()
  }

  /** Brings what is first in a lane, and asks about the rest. A node that does not answer is left alone until the next time. */
  async #serve (lane: readonly QueuedMessage[]): Promise<void> {
    const { clock } = this.#options
    let [waiting, previous] = [0, undefined as QueuedMessage | undefined]
    for (const message of lane) {
      if (this.#isStopped || (message.state === 'queued' && ++waiting > window)) return
      const beganAt = clock.monotonic()
      await this.#bring(message, previous).catch((error: unknown) => this.#failed(message, error))
      if (clock.monotonic() - beganAt > slowMs) return
      if (message.state === 'queued') previous = message
    }
  }

  async #bring (seen: QueuedMessage, previous: QueuedMessage | undefined): Promise<void> {
    const { queue, clock, askMs, letters, codec } = this.#options
    const message = queue.find(seen)
    if (message === undefined || message.state === 'done') return                    // meanwhile
    const { node, agent, messageId, hash, of } = message
    if (message.state === 'queued' && message.expiresAt <= clock.now()) return await this.#expire(message)
    if (message.state === 'begun' && message.expiresAt + askMs <= clock.now()) return await this.#fail(message, 'The agent has the message, and nobody has said for a long time what came of it.')
    if (!this.#isDue(message)) return
    const about = { agent, messageId }
    if (message.isCanceled === true) await letters.send(node, { t: 'cancel', ...about, hash })
    else if (message.state === 'begun') await letters.send(node, { t: 'ask', ...about })
    else {
      this.#recall(message)
      const sent = await letters.send(node, { t: 'message', ...about, message: codec.messageToJson(message.message), ...of !== undefined && { of }, ...previous !== undefined && { previous: previous.messageId } })
      this.#turns.get(messageKey(message))?.sent.push(sent)
    }
  }

  /** Takes back what of a message waits on this node. Returns whether nobody else can have it. */
  #recall (message: QueuedMessage): boolean {
    const turn = this.#turns.get(messageKey(message))
    if (turn === undefined) return message.isCanceled !== true && message.createdAt >= this.#startedAt
    turn.sent = turn.sent.filter((sent) => !sent.recall())
    return turn.sent.length === 0 && message.createdAt >= this.#startedAt
  }

  #failed (message: QueuedMessage, error: unknown): void {
    const turn = this.#turns.get(messageKey(message))
    if (turn !== undefined) turn.hasFailed = true
    this.#options.logger.debug('an A2A message waits', { to: laneOf(message), reason: describeError(error) })
  }

  /** Whether it is this message's turn; if so the next one is some time away. */
  #isDue (message: QueuedMessage): boolean {
    const { clock } = this.#options
    const key = messageKey(message)
    const turn = this.#turns.get(key) ?? { at: -Infinity, tries: 0, hasFailed: false, sent: [] }
    if (turn.at > clock.monotonic()) return false
    this.#later(key, turn)
    return true
  }

  #later (key: string, turn: Turn): void {
    const { clock, random } = this.#options
    turn.at = clock.monotonic() + Math.min(mostMs, firstMs * 2 ** Math.min(turn.tries++, 10)) * (0.75 + 0.5 * random.uniform())
    this.#turns.set(key, turn)
  }

  #sleep (): void {
    const { clock } = this.#options
    const next = Math.min(...[...this.#turns.values()].map(({ at }) => at))
    if (!this.#isStopped && Number.isFinite(next)) this.#timer = clock.timer(Math.max(10, next - clock.monotonic()), () => this.ring())
  }

  /** Its agent has it, and the task stands so. */
  async #stands (message: QueuedMessage, task: Task): Promise<void> {
    const { queue } = this.#options
    const state = isActive(task) ? 'begun' as const : 'done' as const
    const isNews = message.state !== state || task.status?.state !== message.task.status?.state
    if (state === 'done') this.#turns.delete(messageKey(message))
    else if (message.state === 'queued') this.#later(messageKey(message), { at: -Infinity, tries: 0, hasFailed: false, sent: [] })     // it will say so itself when there is more
    if (isNews) await queue.put({ ...message, state, task: { ...task, id: message.id } })
    this.ring()
  }

  async #expire (message: QueuedMessage): Promise<void> {
    if (this.#turns.has(messageKey(message)) && message.isCanceled !== true) {
      return await this.#fail(message, 'The agent\'s node was not met in time, or has not answered: the message is not sent any more. Whether the agent got it at the end is not known.')
    }
    await this.#fail(message, 'The agent\'s node was not met in time: the message was not sent.')
  }

  async #fail (message: QueuedMessage, reason: string): Promise<void> {
    await this.#end(message, failed, textMessage(`ended-${message.id}`, { taskId: message.id, contextId: message.task.contextId }, reason))
  }

  async #end (message: QueuedMessage, state: number, said: ReturnType<typeof textMessage> | undefined, more: Partial<QueuedMessage> = {}): Promise<void> {
    const { queue, clock } = this.#options
    this.#turns.delete(messageKey(message))
    await queue.put({ ...message, ...more, state: 'done', task: { ...message.task, status: { state, message: said, timestamp: new Date(clock.now()).toISOString() } } })
    this.ring()
  }
}

/** The task of a message that waits. */
export function submittedTask ({ id, message, contextId, at }: { readonly id: string, readonly message: QueuedMessage['message'], readonly contextId: string, readonly at: number }): Task {
  return { id, contextId, status: { state: submitted, message: undefined, timestamp: new Date(at).toISOString() }, artifacts: [], history: [message], metadata: undefined }
}
