import type { Clock, Timer } from '@akshi/core'
import { exactMs } from '../exact-ms.ts'

/** Looks at the clock in one moment, after which a node counts as busy with nothing. */
const maxLooks = 20_000

/** A node's own clock: durations pass as everywhere, its wall clock may be off. Finds loops that never wait. */
export class NodeClock implements Clock {
  readonly #base: Clock
  readonly #stuck: (trace: string) => void
  #offMs = 0
  #moment = 0
  #looks = 0

  /** @param stuck called when somebody looks at the clock all the time and lets none pass; then the clock throws. */
  constructor (base: Clock, stuck: (trace: string) => void = () => {}) {
    this.#base = base
    this.#stuck = stuck
  }

  /** Sets the wall clock by so much, forward or back. */
  jump (ms: number): void { this.#offMs += ms }

  now (): number {
    this.#look()
    return this.#base.now() + this.#offMs
  }

  monotonic (): number {
    this.#look()
    return this.#base.monotonic()
  }

  timer (delayMs: number, run: () => void): Timer { return this.#base.timer(exactMs(delayMs), run) }
  sleep (delayMs: number, signal?: AbortSignal): Promise<void> { return this.#base.sleep(exactMs(delayMs), signal) }

  #look (): void {
    const moment = this.#base.monotonic()
    this.#looks = moment === this.#moment ? this.#looks + 1 : 0
    this.#moment = moment
    if (this.#looks <= maxLooks) return
    this.#looks = 0
    const error = new Error('a loop that does not wait')
    this.#stuck(error.stack ?? '')
    throw error
  }
}
