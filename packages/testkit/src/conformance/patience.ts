import { systemClock } from '@akshi/core'
import { settle } from '../virtual-clock.ts'
import { ConformanceError } from './conformance-case.ts'

/** How a subject's time passes. */
export interface Pace {
  /** Moves virtual time on by so much. Without it time passes by itself. */
  readonly advance?: ((ms: number) => Promise<void>) | undefined
  /** How long to wait for what must happen. Default: 5 s, or 10 min where time is virtual. */
  readonly deadlineMs?: number | undefined
}

const stepMs = 100

/** Waits for events, never for time alone, and gives up at a deadline. */
export class Patience {
  readonly #advance: ((ms: number) => Promise<void>) | undefined
  readonly #deadlineMs: number
  #step: Promise<void> | undefined

  constructor ({ advance, deadlineMs = advance === undefined ? 5_000 : 600_000 }: Pace) {
    this.#advance = advance
    this.#deadlineMs = deadlineMs
  }

  /**
   * Settles as `work` does.
   *
   * @throws ConformanceError with `what` when it does not settle in time.
   */
  async within<Value> (work: Promise<Value>, what: string): Promise<Value> {
    const over = new AbortController()
    const end = () => over.abort()
    work.then(end, end)
    const late = this.#deadline(over.signal).then(() => { throw new ConformanceError(`${what} did not happen within ${this.#deadlineMs} ms`) })
    late.catch(() => {})                                                            // the work came first
    try {
      return await Promise.race([work, late])
    } finally {
      await this.#step                                                              // so that time stands still when it is over
    }
  }

  /** Resolves at the deadline; once `over` aborts, it never does. */
  async #deadline (over: AbortSignal): Promise<void> {
    if (this.#advance === undefined) return await systemClock.sleep(this.#deadlineMs, over)
    await settle()                                                                  // what needs no time comes before it passes
    for (let elapsedMs = 0; elapsedMs < this.#deadlineMs; elapsedMs += stepMs) {
      over.throwIfAborted()
      this.#step = this.#advance(stepMs)
      await this.#step
    }
    over.throwIfAborted()
  }
}
