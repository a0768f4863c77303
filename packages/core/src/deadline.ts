import type { Clock, Timer } from './clock.ts'
import { MeshError } from './errors.ts'

/** Notes that a task gets on: its time begins anew, and is so much longer this once. */
export type Extend = (extraMs?: number) => void

/**
 * Runs a task that must end in time. The task's signal aborts at the deadline, or when `parent` does.
 *
 * @param what the task, for the message: "starting plugin mdns"
 * @throws MeshError `MESH_TIMEOUT` at the deadline, even when the task does not heed its signal; `parent.reason` when the
 * parent aborts; else what the task throws.
 */
export async function withDeadline<Result> (
  clock: Clock, limitMs: number, what: string, task: (signal: AbortSignal, extend: Extend) => Promise<Result>, parent?: AbortSignal
): Promise<Result> {
  parent?.throwIfAborted()
  const controller = new AbortController()
  const abort = () => controller.abort(parent?.reason)
  parent?.addEventListener('abort', abort, { once: true })
  const timer = new ExtendableTimer(clock, limitMs, () => {
    controller.abort(new MeshError('MESH_TIMEOUT', `${what} took longer than ${limitMs / 1000} s.`))
  })
  const aborted = new Promise<never>((resolve, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
  })
  try {
    return await Promise.race([task(controller.signal, timer.extend), aborted])
  } finally {
    timer.cancel()
    parent?.removeEventListener('abort', abort)
  }
}

/** A timer that fires later than this was kept waiting by this process itself. */
const stallMs = 250

/**
 * A timer that may be put off as often as one likes: it is set anew only when it fires too early. When this process stood
 * still meanwhile, what came in time may be waiting unread, and the task gets half its time again, once.
 */
class ExtendableTimer {
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #run: () => void
  #until: number
  #timer: Timer
  #isPardoned = false

  constructor (clock: Clock, limitMs: number, run: () => void) {
    this.#clock = clock
    this.#limitMs = limitMs
    this.#run = run
    this.#until = clock.monotonic() + limitMs
    this.#timer = clock.timer(limitMs, this.#fired)
  }

  readonly extend = (extraMs = 0): void => {
    this.#until = Math.max(this.#until, this.#clock.monotonic() + this.#limitMs + extraMs)
  }

  cancel (): void {
    this.#timer.cancel()
  }

  readonly #fired = (): void => {
    const leftMs = this.#until - this.#clock.monotonic()
    if (leftMs >= 1) return this.#rest(leftMs)
    if (leftMs > -stallMs || this.#isPardoned) return this.#run()
    this.#isPardoned = true
    this.#rest(this.#limitMs / 2)
  }

  #rest (ms: number): void {
    this.#timer = this.#clock.timer(ms, this.#fired)
  }
}
