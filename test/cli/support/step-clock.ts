import { systemClock, type Clock } from '@akshi/core'

/**
 * A clock whose sleepers wake when the test says so. `nextSleep` resolves when somebody goes to sleep: then everything
 * before that has been done.
 */
export class StepClock implements Clock {
  #nowMs = 0
  #wake: (() => void) | undefined
  #asleep: (() => void) | undefined

  now (): number { return this.#nowMs }
  monotonic (): number { return this.#nowMs }
  timer = systemClock.timer

  sleep (delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
      if (signal?.aborted === true) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      this.#wake = () => {
        this.#nowMs += delayMs
        resolve()
      }
      this.#asleep?.()
      this.#asleep = undefined
    })
  }

  /** Wakes the sleeper, if any, and resolves when somebody sleeps again. */
  async step (): Promise<void> {
    const asleep = new Promise<void>((resolve) => { this.#asleep = resolve })
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
    await asleep
  }
}
