import type { Clock } from '../clock.ts'
import { describeError, MeshError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Notices } from '../notices.ts'
import type { BusyTime } from './busy-time.ts'
import { CallMeter } from './call-meter.ts'

export interface BulkheadOptions {
  readonly name: string
  /** For people: `plugin "mdns" (@akshi/plugin-mdns)`. */
  readonly title: string
  readonly busy: BusyTime
  readonly notices: Pick<Notices, 'add'>
  readonly clock: Clock
  readonly logger: Logger
}

/** One call that keeps the event loop for longer is told to the operator. */
const blockingMs = 500

/**
 * What stands between one plugin and everything else: each call into it goes through here, is timed, and ends when the
 * plugin is closed. The pattern is Nygard's bulkhead (Release It!, 2007): what floods one compartment leaves the ship afloat.
 */
export class Bulkhead {
  readonly name: string
  readonly title: string
  readonly meter = new CallMeter()
  readonly #options: BulkheadOptions
  #reason: string | undefined

  constructor (options: BulkheadOptions) {
    this.#options = options
    this.name = options.name
    this.title = options.title
  }

  /** Whether nothing calls the plugin any more. */
  get isClosed (): boolean { return this.#reason !== undefined }

  /** Why it is closed. */
  get reason (): string | undefined { return this.#reason }

  /** From now on `run` throws. The first reason stays. */
  close (reason: string): void {
    this.#reason ??= reason
  }

  /**
   * Calls into the plugin and gives what it gives. A promise is timed until it settles.
   *
   * @param what the place, as in `CallTiming`
   * @throws MeshError `MESH_NOT_RUNNING` when the plugin is closed; what `task` throws.
   */
  run<Result> (what: string, task: () => Result): Result {
    if (this.#reason !== undefined) throw new MeshError('MESH_NOT_RUNNING', `${this.title} does not run any more: ${this.#reason}`)
    return this.#timed(what, task)
  }

  #timed<Result> (what: string, task: () => Result): Result {
    const { busy, clock } = this.#options
    const startedAt = clock.monotonic()
    const ended = () => this.meter.answered(what, clock.monotonic() - startedAt)
    try {
      const result = busy.measure(task, (ms) => this.#called(what, ms))
      if (isThenable(result)) result.then(ended, () => { ended(); this.meter.failed(what) })
      else ended()
      return result
    } catch (error) {
      ended()
      this.meter.failed(what)
      throw error
    }
  }

  /** As `run`, where nobody is there to take what is thrown, now or later: it is logged, and `undefined` given. Nothing is called when the plugin is closed. */
  contain<Result> (what: string, task: () => Result): Result | undefined {
    return this.isClosed ? undefined : this.containAlways(what, task)
  }

  /** As `contain`, also while a closed plugin is being stopped. */
  containAlways<Result> (what: string, task: () => Result): Result | undefined {
    try {
      const result = this.#timed(what, task)
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.#failed(what, error))
      return result
    } catch (error) {
      this.#failed(what, error)
      return undefined
    }
  }

  /** What the plugin gave is not what the contract says: counted, and told once in a while. */
  refuse (what: string, problem: string): void {
    this.meter.failed(what)
    this.warn(what, `breaks its contract in ${what}: ${problem}`)
  }

  /** Logs what the plugin did, once in a while. */
  warn (what: string, deed: string): void {
    this.#options.logger.warnOnce(`${this.name} ${what} ${deed}`, `${this.title} ${deed}`)
  }

  #called (what: string, busyMs: number): void {
    this.meter.called(what, busyMs)
    if (busyMs < blockingMs) return
    this.#options.notices.add('MESH_PLUGIN_BLOCKED', `${this.title} keeps the whole node waiting in ${what}: one call ran for more than ${blockingMs} ms at a stretch`)
  }

  #failed (what: string, error: unknown): void {
    this.#options.logger.warnOnce(`${this.name} ${what} ${describeError(error)}`, `${this.title} failed in ${what}`, { error: describeError(error) })
  }
}

export function isThenable (value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
