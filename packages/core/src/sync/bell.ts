import type { Clock, Timer } from '../clock.ts'

/** Wakes the one who waits: rings are remembered until `reset`, so none is lost between two waits. */
export class Bell {
  readonly #clock: Clock
  #rung = false
  #wake: (() => void) | undefined

  constructor (clock: Clock) {
    this.#clock = clock
  }

  ring (): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Forgets the rings so far. */
  reset (): void {
    this.#rung = false
  }

  /** Resolves at the next ring, at once if there was one since `reset`, or after `limitMs`, which may be `Infinity`. */
  wait (limitMs: number): Promise<void> {
    if (this.#rung) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#wake = undefined
        timer?.cancel()
        resolve()
      }
      const timer: Timer | undefined = limitMs === Infinity ? undefined : this.#clock.timer(limitMs, done)
      this.#wake = done
    })
  }
}
