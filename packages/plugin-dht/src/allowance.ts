import type { Clock } from '@akshi/core'

/** So much of something in a second, for all who ask together, and as much again at once after a rest. */
export class Allowance {
  readonly #perSec: number
  readonly #clock: Clock
  #left: number
  #at: number

  constructor (perSec: number, clock: Clock) {
    this.#perSec = perSec
    this.#clock = clock
    this.#left = 2 * perSec
    this.#at = clock.monotonic()
  }

  /** Takes one. False when there is none. */
  take (): boolean {
    const now = this.#clock.monotonic()
    this.#left = Math.min(2 * this.#perSec, this.#left + (now - this.#at) * this.#perSec / 1_000)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
