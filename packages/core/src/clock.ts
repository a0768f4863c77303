/** A timer that can be cancelled; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel (): void
}

/** Time as the runtime sees it. Tests pass a virtual one. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may jump when the machine's clock is set. */
  now (): number
  /** Milliseconds since some fixed point; never goes back. Use it for durations. */
  monotonic (): number
  /** Calls `run` once after `delayMs`. */
  timer (delayMs: number, run: () => void): Timer
  /** Resolves after `delayMs`; rejects with `signal.reason` as soon as the signal aborts. */
  sleep (delayMs: number, signal?: AbortSignal): Promise<void>
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer: startTimer,
  sleep: (delayMs, signal) => sleepWith(startTimer, delayMs, signal)
}

/** `Clock.sleep` by the timers of a clock. */
export function sleepWith (startTimer: Clock['timer'], delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const timer = startTimer(delayMs, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    const abort = () => {
      timer.cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}

function startTimer (delayMs: number, run: () => void): Timer {
  const handle = setTimeout(run, delayMs)
  return { cancel: () => clearTimeout(handle) }
}
