import { systemClock } from '@akshi/core'
import { settle } from '../virtual-clock.ts'
import { ConformanceError } from './conformance-case.ts'

/** How a subject's time passes. */
export interface Pace {
  /** Moves virtual time on by so much. Without it time passes by itself. */
  readonly advance?: ((ms: number) => Promise<void>) | undefined
  /** How long to wait for what must happen. Default: 5 s, or 10 min where time is virtual. */
  readonly deadlineMs?: number | undefined
  /** How long all of it may take, in real time, whatever happens meanwhile. Default: five deadlines, or 60 s where time is virtual. */
  readonly wholeMs?: number | undefined
}

/** Something that has not come yet, in words, and the event at which it may have. */
export interface Missing {
  readonly what: string
  readonly event: Promise<unknown>
}

const stepMs = 100

/** Waits for events, never for time alone, and gives up at a deadline. */
export class Patience {
  readonly #advance: ((ms: number) => Promise<void>) | undefined
  readonly #deadlineMs: number
  readonly #wholeMs: number
  #step: Promise<void> | undefined
  #advancedMs = 0
  #last = 'nothing yet'
  #isOver = false

  constructor ({ advance, deadlineMs = advance === undefined ? 5_000 : 600_000, wholeMs = advance === undefined ? 5 * deadlineMs : 60_000 }: Pace) {
    this.#advance = advance
    this.#deadlineMs = deadlineMs
    this.#wholeMs = wholeMs
  }

  /**
   * Settles as `work` does.
   *
   * @throws ConformanceError with `what` when it does not settle in time.
   */
  async within<Value> (work: Promise<Value>, what: string): Promise<Value> {
    return await this.#within(work, what, this.#deadlineMs)
  }

  /**
   * Looks again after each event until nothing is missing; `look` resolves to what is, and to the next event. Events that
   * bring nothing give it no more time.
   *
   * @throws ConformanceError with what is missing, at the deadline.
   */
  async until (look: () => Promise<Missing | undefined>): Promise<void> {
    const endMs = this.#nowMs + this.#deadlineMs
    for (let missing = await look(); missing !== undefined; missing = await look()) {
      const leftMs = endMs - this.#nowMs
      if (leftMs <= 0 || this.#isOver) throw this.#tooLate(missing.what)
      await this.#within(missing.event, missing.what, leftMs)
      await settle()                                                                // so that timers have their turn, whatever events come
    }
  }

  /**
   * Settles as `play` does: the end of what never stops to bring events.
   *
   * @throws ConformanceError with what was waited for, when it takes too long as a whole.
   */
  async whole (play: () => Promise<void>): Promise<void> {
    const over = new AbortController()
    const late = systemClock.sleep(this.#wholeMs, over.signal).then(() => {
      throw new ConformanceError(`The case was not over within ${this.#wholeMs} ms; what it waited for last: ${this.#last}`)
    })
    late.catch(() => {})                                                            // the play was over first
    try {
      await Promise.race([play(), late])
    } finally {
      this.#isOver = true                                                           // who looks again and again stops doing so
      over.abort()
    }
  }

  async #within<Value> (work: Promise<Value>, what: string, limitMs: number): Promise<Value> {
    this.#last = what
    const over = new AbortController()
    const end = () => over.abort()
    work.then(end, end)
    const late = this.#deadline(limitMs, over.signal).then(() => { throw this.#tooLate(what) })
    late.catch(() => {})                                                            // the work came first
    try {
      return await Promise.race([work, late])
    } finally {
      await this.#step                                                              // so that time stands still when it is over
    }
  }

  #tooLate (what: string): ConformanceError {
    return new ConformanceError(`${what} did not happen within ${this.#deadlineMs} ms`)
  }

  get #nowMs (): number { return this.#advance === undefined ? systemClock.monotonic() : this.#advancedMs }

  /** Resolves at the deadline; once `over` aborts, it never does. */
  async #deadline (limitMs: number, over: AbortSignal): Promise<void> {
    if (this.#advance === undefined) return await systemClock.sleep(limitMs, over)
    await settle()                                                                  // what needs no time comes before it passes
    for (let elapsedMs = 0; elapsedMs < limitMs; elapsedMs += stepMs) {
      over.throwIfAborted()
      this.#step = this.#advance(stepMs)
      await this.#step
      this.#advancedMs += stepMs
    }
    over.throwIfAborted()
  }
}
