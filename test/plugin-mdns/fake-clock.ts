import type { Clock, Timer } from '@akshi/core'

interface Pending {
  readonly at: number
  readonly run: () => void
}

/** A clock that stands still until it is advanced. */
export class FakeClock implements Clock {
  readonly #pending = new Set<Pending>()
  #now = 0

  /** Timers that have neither fired nor been cancelled. */
  get pending (): number {
    return this.#pending.size
  }

  now (): number { return this.#now }
  monotonic (): number { return this.#now }

  timer (delayMs: number, run: () => void): Timer {
    const entry = { at: this.#now + delayMs, run }
    this.#pending.add(entry)
    return { cancel: () => this.#pending.delete(entry) }
  }

  sleep (delayMs: number): Promise<void> {
    return new Promise((resolve) => this.timer(delayMs, resolve))
  }

  /** Fires what is due in the next `ms`, in order, and lets promises settle before and after each. */
  async advance (ms: number): Promise<void> {
    const until = this.#now + ms
    await settled()
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#pending.delete(next)
      this.#now = next.at
      next.run()
      await settled()
    }
    this.#now = until
  }

  #next (until: number): Pending | undefined {
    return [...this.#pending].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
  }
}

function settled (): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
