/** Lets one piece of work run at a time, in the order of the calls. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Resolves or rejects as `run` does. On abort it rejects at once, and `run` is skipped if its turn has not come. */
  async take<Result> (signal: AbortSignal, run: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(() => {
      signal.throwIfAborted()
      return run()
    })
    this.#last = turn.catch(() => {})
    return await untilAborted(turn, signal)
  }

  /** Resolves when nothing is under way any more. */
  async idle (): Promise<void> {
    await this.#last
  }
}

/** As `work`, but rejects with `signal.reason` as soon as the signal aborts: a lost network disk may hang for hours. */
export function untilAborted<Result> (work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
