import { sleepWith, type Clock, type Timer } from '../clock.ts'
import type { Bulkhead } from './bulkhead.ts'

/** The clock that a plugin gets: what its timers throw stays with it, and those that it leaves behind are found. */
export class PluginClock implements Clock {
  readonly #clock: Clock
  readonly #bulkhead: Bulkhead
  readonly #timers = new Set<Timer>()
  #isOver = false

  constructor (clock: Clock, bulkhead: Bulkhead) {
    this.#clock = clock
    this.#bulkhead = bulkhead
  }

  now (): number { return this.#clock.now() }

  monotonic (): number { return this.#clock.monotonic() }

  timer (delayMs: number, run: () => void): Timer {
    if (this.#isOver) return { cancel: () => {} }
    const inner = this.#clock.timer(delayMs, () => {
      this.#timers.delete(timer)
      this.#bulkhead.containAlways('timer', run)
    })
    const timer = { cancel: () => { this.#timers.delete(timer); inner.cancel() } }
    this.#timers.add(timer)
    return timer
  }

  sleep (delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepWith((ms, run) => this.timer(ms, run), delayMs, signal)
  }

  /** Ends the clock for a plugin that was stopped: cancels what it has left, and fires nothing more. Returns how many timers there were. */
  end (): number {
    this.#isOver = true
    const left = [...this.#timers]
    for (const timer of left) timer.cancel()
    return left.length
  }
}
