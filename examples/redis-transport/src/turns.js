/** Lets one piece of work run at a time, in the order of the calls. */
export class Turns {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve()

  /**
   * Settles as `run` does. On abort it rejects at once, and `run` is skipped if its turn has not come.
   *
   * @template Result
   * @param {AbortSignal} signal
   * @param {() => Promise<Result>} run
   * @returns {Promise<Result>}
   */
  async take (signal, run) {
    const turn = this.#last.then(() => {
      signal.throwIfAborted()
      return run()
    })
    this.#last = turn.catch(() => {})
    return await untilAborted(turn, signal)
  }

  /** Resolves when nothing is under way any more. */
  async idle () {
    await this.#last
  }
}

/**
 * As `work`, but rejects with `signal.reason` as soon as the signal aborts.
 *
 * @template Result
 * @param {Promise<Result>} work
 * @param {AbortSignal} signal
 * @returns {Promise<Result>}
 */
export function untilAborted (work, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
