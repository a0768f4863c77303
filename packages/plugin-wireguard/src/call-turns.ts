import type { Clock, Random } from '@akshi/core'

/** How often a peer is called while it is hoped for, and how long that goes on before it is called now and then only. */
const hurryMs = 500
const hurryForMs = 10_000
const lateMs = 15_000
/** Two that learn of each other at once do not call at once. */
const headStartMs = 250
/** Who was called lets the caller finish: the one that goes first for a round trip, the other until that one has had its turn. */
const shortWaitMs = 450
const longWaitMs = 950
/** A caller that has not finished after so many calls does not get the answers. */
const mostWaits = 3

/**
 * When it is this end's turn to call the other. Two calls that cross are both lost, since WireGuard has one handshake at a time, and two
 * ends that look at their tunnels equally often would go on crossing: so one of the two goes first.
 */
export class CallTurns {
  readonly #clock: Clock
  readonly #random: Random
  readonly #isFirst: boolean
  #since = 0
  #nextAt = 0
  #waits = 0

  constructor (clock: Clock, random: Random, isFirst: boolean) {
    this.#clock = clock
    this.#random = random
    this.#isFirst = isFirst
    this.hurry()
  }

  /** Whether to call now. */
  get isMine (): boolean { return this.#now >= this.#nextAt }

  /** There is new hope: calls as at first. */
  hurry (): void {
    this.#since = this.#now
    this.#nextAt = this.#now + (this.#isFirst ? 0 : headStartMs)
  }

  /** Notes that this end calls. */
  call (): void {
    this.#waits = 0
    this.#nextAt = this.#now + (this.#isHurried ? hurryMs : lateMs) * (0.75 + this.#random.uniform() / 2)
  }

  /** Notes that the other end has called, and was answered. */
  giveWay (): void {
    if (!this.#isHurried) this.hurry()
    if (this.#waits++ < mostWaits) this.#nextAt = this.#now + (this.#isFirst ? shortWaitMs : longWaitMs)
  }

  get #isHurried (): boolean { return this.#now - this.#since < hurryForMs }

  get #now (): number { return this.#clock.monotonic() }
}
