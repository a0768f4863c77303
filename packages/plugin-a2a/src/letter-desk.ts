import { describeError, isMeshError, type Did, type Logger } from '@akshi/core'
import { isAllowed } from './agent-definition.ts'
import type { AgentHost } from './agent-host.ts'
import type { HostedAgent, Outcome } from './hosted-agent.ts'
import type { AskLetter, CancelLetter, MessageLetter, OutcomeLetter, SendLetter } from './letter.ts'

export interface LetterDeskOptions {
  readonly host: Pick<AgentHost, 'ready' | 'get'>
  readonly own: Did
  readonly send: SendLetter
  readonly logger: Logger
}

/** Messages of one caller for one agent that wait for another to be given first, by the id of that one. */
type Waiting = Map<string, { readonly letter: MessageLetter, readonly bytes: number }>

const maxWaiting = 64
const maxLanes = 1_024
const maxWaitingBytes = 67_108_864
const maxRefused = 4_096

/**
 * Gives messages that came in letters to this node's agents, those of one caller in the order that they were sent in, and says what comes
 * of them. Nothing is kept here: whoever misses an answer asks for it, or sends the message again.
 */
export class LetterDesk {
  readonly #options: LetterDeskOptions
  readonly #waiting = new Map<string, Waiting>()
  /** Messages that were refused: those behind them need not wait. */
  readonly #refused = new Set<string>()
  readonly #running = new Set<string>()
  /** Those that their agent is about to get: a crash now may undo that. */
  readonly #starting = new Set<string>()
  #waitingBytes = 0

  constructor (options: LetterDeskOptions) {
    this.#options = options
  }

  /** Resolves when the letter was understood; what comes of it is said later. */
  async take (from: Did, letter: MessageLetter | AskLetter | CancelLetter, bytes: number): Promise<void> {
    const { host, own, logger } = this.#options
    await host.ready()
    const agent = host.get(letter.agent)
    if (agent === undefined) return this.#refuse(from, letter, 'AGENT_UNKNOWN', `Node ${own} has no agent "${letter.agent.slice(0, 64)}" that takes messages.`)
    if (!isAllowed(agent.definition, from, own)) return this.#refuse(from, letter, 'AGENT_NOT_ALLOWED', `Agent "${letter.agent}" does not take messages from ${from}.`)
    if (letter.t === 'message') return this.#queue(from, agent, letter, bytes)
    const asked = letter.t === 'ask' ? Promise.resolve(agent.outcome(from, letter.messageId)) : agent.cancel(from, letter.messageId, letter.hash)
    asked.then((outcome) => this.#say(from, letter, outcome)).catch((error: unknown) => logger.warn('an A2A message of another node could not be answered', { from, reason: describeError(error) }))
  }

  #queue (from: Did, agent: HostedAgent, letter: MessageLetter, bytes: number): void {
    const { previous } = letter
    const lane = `${from} ${letter.agent}`
    if (previous === undefined || this.#isGiven(from, agent, lane, previous)) return this.#give(from, agent, letter)
    const waiting: Waiting = this.#waiting.get(lane) ?? new Map()
    if (waiting.has(previous) || waiting.size >= maxWaiting) return                 // it comes again
    waiting.set(previous, { letter, bytes })
    this.#waitingBytes += bytes
    this.#waiting.set(lane, waiting)
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= maxLanes && this.#waitingBytes <= maxWaitingBytes) return
      this.#forget(oldest, () => true)                                              // they come again
    }
  }

  /** Whether the agent has a message for good, or never will. */
  #isGiven (from: Did, agent: HostedAgent, lane: string, messageId: string): boolean {
    if (this.#starting.has(`${lane} ${messageId}`)) return false
    return agent.outcome(from, messageId) !== undefined || this.#refused.has(`${lane} ${messageId}`)
  }

  /** Lets go of letters of a lane that wait. */
  #forget (lane: string, isOne: (letter: MessageLetter) => boolean): void {
    const waiting = this.#waiting.get(lane) ?? new Map() as Waiting
    for (const [previous, { letter, bytes }] of waiting) {
      if (!isOne(letter)) continue
      waiting.delete(previous)
      this.#waitingBytes -= bytes
    }
    if (waiting.size === 0) this.#waiting.delete(lane)
  }

  #give (from: Did, agent: HostedAgent, letter: MessageLetter): void {
    const key = `${from} ${letter.agent} ${letter.messageId}`
    if (this.#running.has(key)) return this.#say(from, letter, agent.outcome(from, letter.messageId) ?? {})
    this.#running.add(key)
    this.#starting.add(key)
    this.#forget(`${from} ${letter.agent}`, ({ messageId }) => messageId === letter.messageId)
    let isBegun = false
    agent.give(from, letter, (outcome) => {
      this.#starting.delete(key)
      this.#say(from, letter, outcome)
      if (!isBegun) this.#next(from, agent, letter)
      isBegun = true
    }).catch((error: unknown) => this.#failed(from, agent, letter, error)).finally(() => {
      this.#running.delete(key)
      this.#starting.delete(key)
    })
  }

  #failed (from: Did, agent: HostedAgent, letter: MessageLetter, error: unknown): void {
    this.#starting.delete(`${from} ${letter.agent} ${letter.messageId}`)
    this.#options.logger.warn('a message of another node was not given to its agent', { from, agent: letter.agent, reason: describeError(error) })
    if (isMeshError(error, 'MESH_DISK_FAILED') || isMeshError(error, 'MESH_RATE_LIMITED')) return       // it comes again
    this.#refuse(from, letter, 'INVALID_REQUEST', error instanceof Error ? error.message : String(error))
    this.#next(from, agent, letter)
  }

  /** This one has been given to its agent, or never will be. */
  #next (from: Did, agent: HostedAgent, { agent: name, messageId }: MessageLetter): void {
    const lane = `${from} ${name}`
    const next = this.#waiting.get(lane)?.get(messageId)
    if (next !== undefined) this.#give(from, agent, next.letter)
  }

  #refuse (from: Did, letter: MessageLetter | AskLetter | CancelLetter, reason: string, message: string): void {
    if (letter.t === 'message') this.#refused.add(`${from} ${letter.agent} ${letter.messageId}`)
    for (const oldest of this.#refused) {
      if (this.#refused.size <= maxRefused) break
      this.#refused.delete(oldest)
    }
    this.#say(from, letter, { error: { reason, message } })
  }

  #say (to: Did, { agent, messageId }: MessageLetter | AskLetter | CancelLetter, outcome: Outcome | Pick<OutcomeLetter, 'error'> | undefined): void {
    this.#options.send(to, { t: 'outcome', agent, messageId, ...outcome }).catch((error: unknown) => {
      this.#options.logger.debug('what came of an A2A message waits until it is asked for', { to, reason: describeError(error) })
    })
  }
}
