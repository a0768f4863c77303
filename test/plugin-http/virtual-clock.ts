import type { Clock } from '@akshi/core'

/** A clock that moves when told to. */
export class VirtualClock implements Clock {
  #time = 0
  readonly #timers = new Set<{ readonly at: number, readonly run: () => void }>()

  now (): number { return this.#time }
  monotonic (): number { return this.#time }

  timer (delayMs: number, run: () => void) {
    const timer = { at: this.#time + delayMs, run }
    this.#timers.add(timer)
    return { cancel: () => { this.#timers.delete(timer) } }
  }

  sleep (delayMs: number): Promise<void> {
    return new Promise((resolve) => this.timer(delayMs, resolve))
  }

  /** Moves time on, fires what is due in order, and lets promises settle after each. */
  async advance (ms: number): Promise<void> {
    const until = this.#time + ms
    for (;;) {
      const [due] = [...this.#timers].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)
      if (due === undefined) break
      this.#timers.delete(due)
      this.#time = due.at
      due.run()
      await settle()
    }
    this.#time = until
    await settle()
  }

  /** Timers that are waiting. */
  get pending (): number { return this.#timers.size }
}

/** Lets every promise that can settle do so. */
export function settle (): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
