import type { Clock } from '../../clock.ts'

/** Why a feed is not pushed: vetoed here, or not taken there. */
export interface Hold {
  readonly reason: string
  /** When to try again, on the monotonic clock, if a veto asks for it. */
  readonly retryAt?: number
  /** The other end does not trust the origin: it will fetch the feed itself once it does. */
  readonly untrusted: boolean
}

/** The feeds that are not pushed over a link for now, by feed key. */
export class Holds {
  readonly #clock: Clock
  readonly #holds = new Map<string, Hold>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  get all (): ReadonlyMap<string, Hold> { return this.#holds }

  /** When the first is to be tried again after this time, on the monotonic clock. */
  nextRetryAfter (time: number): number {
    return Math.min(...[...this.#holds.values()].map(({ retryAt = Infinity }) => retryAt).filter((at) => at > time))
  }

  /** Holds a feed back; one that is held already stays so for its first reason. */
  hold (key: string, hold: Hold): void {
    if (!this.#holds.has(key)) this.#holds.set(key, hold)
  }

  /** Whether a feed is held; its hold ends here when its time has come. */
  isHeld (key: string): boolean {
    const { retryAt = Infinity } = this.#holds.get(key) ?? { retryAt: 0 }
    if (retryAt > this.#clock.monotonic()) return true
    this.#holds.delete(key)
    return false
  }

  isUntrusted (key: string): boolean {
    return this.#holds.get(key)?.untrusted === true
  }

  release (key: string): void {
    this.#holds.delete(key)
  }

  releaseAll (): void {
    this.#holds.clear()
  }
}
