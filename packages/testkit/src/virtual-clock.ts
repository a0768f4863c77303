import type { Clock, Timer } from '@akshi/core'
import { TimerQueue } from './timer-queue.ts'

/** A clock that stands still until a test moves it. It starts at a date that hybrid clocks can stamp. */
export class VirtualClock implements Clock {
  readonly #pending = new TimerQueue()
  #elapsed = 0
  #epoch = Date.UTC(2025, 0, 1)

  /** Milliseconds until each timer that waits, soonest first. */
  get delays (): number[] {
    return this.#pending.times.map((at) => at - this.#elapsed)
  }

  now (): number { return Math.floor(this.#epoch + this.#elapsed) }
  monotonic (): number { return this.#elapsed }

  timer (delayMs: number, run: () => void): Timer {
    return { cancel: this.#pending.add({ at: this.#elapsed + delayMs, run }) }
  }

  sleep (delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.timer(delayMs, resolve)
      signal?.addEventListener('abort', () => { timer.cancel(); reject(signal.reason) }, { once: true })
    })
  }

  /** Sets the wall clock, as an operator might; durations are not touched. */
  setNow (millis: number): void {
    this.#epoch = millis - this.#elapsed
  }

  /** Moves time on, fires what is due in order, and lets promises settle after each. */
  async advance (ms: number): Promise<void> {
    const until = this.#elapsed + ms
    while (this.fireNext(until)) await settle()
    await settle()
  }

  /**
   * Moves time on to the next timer that is due by then, on the monotonic clock, and fires it.
   * False when there is none; then time is `until`, unless that is `Infinity`.
   */
  fireNext (until: number): boolean {
    const next = this.#pending.take(until)
    if (next === undefined && until < Infinity) this.#elapsed = Math.max(this.#elapsed, until)
    if (next === undefined) return false
    this.#elapsed = Math.max(this.#elapsed, next.at)
    next.run()
    return true
  }
}

/** Resolves when every promise that waits for nothing but other promises has settled. */
export function settle (): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Resolves when the condition holds, however long the disk takes; mocha's timeout is the deadline. */
export async function until (condition: () => boolean): Promise<void> {
  while (!condition()) await settle()
}
