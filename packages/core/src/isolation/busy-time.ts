import type { Clock } from '../clock.ts'

/**
 * How long calls into plugins keep the event loop. What one call spends in another is counted there and not twice: a plugin
 * whose route makes core ask a slow tap of another is not the one that blocks.
 */
export class BusyTime {
  readonly #clock: Pick<Clock, 'monotonic'>
  /** Spent in calls made by the one that runs now. */
  #innerMs = 0

  constructor (clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Runs `task`, and tells `took` how many milliseconds it ran by itself before it returned. */
  measure<Result> (task: () => Result, took: (ms: number) => void): Result {
    const startedAt = this.#clock.monotonic()
    const before = this.#innerMs
    this.#innerMs = 0
    try {
      return task()
    } finally {
      const ms = this.#clock.monotonic() - startedAt
      const ownMs = ms - this.#innerMs
      this.#innerMs = before + ms
      took(ownMs)
    }
  }
}
