import { outageBackoffMs } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import type { LinkStatus } from '../control.ts'
import { describeError, isMeshError } from '../errors.ts'
import type { Random } from '../random.ts'

/** So many attempts in a row that come to nothing make a link that worked count as down. Until then it is suspected. */
const attemptsOfSuspect = 3
/** When one who said goodbye is tried again, in case it came back and does not know where this node is. */
const awayMs = 30_000

export interface HealthOptions {
  /** Plugin name of the transport. */
  readonly transport: string
  readonly clock: Clock
  readonly random: Random
}

/**
 * Whether a link works, as its own requests show: up, suspect after a failure, down after some in a row, up again at the
 * first success. The states of failure detection are SWIM's (Das, Gupta and Motivala, 2002), but nobody's word counts here:
 * this node asks for itself. Suspicion discards nothing.
 */
export class LinkHealth {
  readonly #options: HealthOptions
  #status: LinkStatus
  #failures = 0
  #lostAt: number | undefined
  #heardAt: number | undefined
  #calledAt: number | undefined
  readonly #startedAt: number

  constructor (options: HealthOptions) {
    this.#options = options
    this.#startedAt = options.clock.monotonic()
    this.#status = this.#statusOf('connecting', 'not dialled yet')
  }

  get status (): LinkStatus { return this.#status }

  /** Failures since it worked last. */
  get failures (): number { return this.#failures }

  /** When the link last stopped working, on the monotonic clock; nothing for one that never worked. */
  get lostAt (): number | undefined { return this.#lostAt }

  /** When the other end last gave a sign of life, on the monotonic clock. */
  get heardAt (): number | undefined { return this.#heardAt }

  /** When the other end last called by itself, on the monotonic clock; nothing for one that never did: perhaps it cannot. */
  get calledAt (): number | undefined { return this.#calledAt }

  /** How much longer than usual an answer may take: an end that is slow must not be given up over and over. */
  get patience (): number { return 2 ** Math.min(this.#failures, 2) }

  /** The other end called by itself, which is a sign of life too. */
  called (): void {
    this.#calledAt = this.#options.clock.monotonic()
    this.#heardAt = this.#calledAt
  }

  /** This node has moved: who called it before may not be able to any more. */
  forgetCalls (): void {
    this.#calledAt = undefined
  }

  /** A request over the link was answered. */
  works (): void {
    this.#heardAt = this.#options.clock.monotonic()
    this.#failures = 0
    this.#enter('up', 'it works')
  }

  /** An attempt came to nothing. Returns after how many milliseconds the next is due. */
  failed (error: unknown): number {
    const { clock, random } = this.#options
    const { state } = this.#status
    const reason = describeError(error)
    if (state === 'up') this.#lostAt = clock.monotonic()
    const isSuspect = ++this.#failures < attemptsOfSuspect && (state === 'up' || state === 'suspect') && !isFinal(error)
    this.#enter(isSuspect ? 'suspect' : 'down', reason)
    return outageBackoffMs(this.#failures - 1, clock.monotonic() - (this.#lostAt ?? this.#startedAt), random)
  }

  /** The other end said that it leaves, which is no failure. Returns after how many milliseconds it is tried again. */
  left (): number {
    if (this.#status.state === 'up') this.#lostAt = this.#options.clock.monotonic()
    this.#enter('down', 'it said goodbye')
    return awayMs
  }

  #enter (state: LinkStatus['state'], reason: string): void {
    if (this.#status.state === state && this.#status.reason === reason) return
    this.#status = this.#statusOf(state, reason, this.#status)
  }

  /** `since` is of the state, whatever its reason. */
  #statusOf (state: LinkStatus['state'], reason: string, before?: LinkStatus): LinkStatus {
    const { transport, clock } = this.#options
    return { transport, state, reason, since: before?.state === state ? before.since : new Date(clock.now()).toISOString() }
  }
}

/** What another attempt at once would not change. */
function isFinal (error: unknown): boolean {
  return isMeshError(error, 'MESH_PEER_MISMATCH') || isMeshError(error, 'MESH_NOT_TRUSTED')
}
