import { setMaxListeners } from 'node:events'
import { MeshError, type Clock } from '@akshi/core'

/** Calls into libp2p: each has a deadline, and all end with `stop`. libp2p itself waits for minutes, or for ever where nobody answers. */
export class Calls {
  readonly #clock: Clock
  readonly #stopped = new AbortController()

  constructor (clock: Clock) {
    this.#clock = clock
    setMaxListeners(0, this.#stopped.signal)
  }

  /** Aborts when everything is to end. */
  get signal (): AbortSignal { return this.#stopped.signal }

  /**
   * Settles as the task does, at the latest at the deadline, whether it heeds its signal or not.
   *
   * @throws MeshError `MESH_TIMEOUT`; the reason of the stop; what the task throws.
   */
  async within<Result> (limitMs: number, what: string, task: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    this.#stopped.signal.throwIfAborted()
    const over = new AbortController()
    const end = () => over.abort(this.#stopped.signal.reason)
    this.#stopped.signal.addEventListener('abort', end, { once: true })
    const timer = this.#clock.timer(limitMs, () => over.abort(new MeshError('MESH_TIMEOUT', `${what} took longer than ${limitMs / 1_000} s.`)))
    setMaxListeners(0, over.signal)
    const aborted = new Promise<never>((resolve, reject) => {
      over.signal.addEventListener('abort', () => reject(over.signal.reason), { once: true })
    })
    try {
      return await Promise.race([task(over.signal), aborted])
    } finally {
      timer.cancel()
      this.#stopped.signal.removeEventListener('abort', end)
    }
  }

  /** Ends all calls, those that come included. Returns at once. */
  stop (): void {
    this.#stopped.abort(new MeshError('MESH_NOT_RUNNING', 'The DHT was stopped.'))
  }
}
