import type { Clock } from '@akshi/core'

/** So much of something at once, and then so much in a second, for all who ask together. */
export class Allowance {
  readonly #most: number
  readonly #perSec: number
  readonly #clock: Clock
  #left: number
  #at: number

  constructor (most: number, perSec: number, clock: Clock) {
    this.#most = most
    this.#perSec = perSec
    this.#clock = clock
    this.#left = most
    this.#at = clock.monotonic()
  }

  /** Takes one. False when there is none. */
  take (): boolean {
    const now = this.#clock.monotonic()
    this.#left = Math.min(this.#most, this.#left + (now - this.#at) * this.#perSec / 1_000)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
