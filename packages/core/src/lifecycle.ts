import type { Clock } from './clock.ts'
import { withDeadline } from './deadline.ts'
import { describeError, MeshError } from './errors.ts'
import { startFailed } from './isolation/plugin-host.ts'

/** Something that is started and stopped. */
export interface Part {
  /** What the operator calls it: "plugin mdns". */
  readonly name: string
  readonly start: (signal: AbortSignal) => Promise<void> | void
  readonly stop: () => Promise<void> | void
  /** Takes a failed start, and ends what there is of it: the others start nevertheless. Without it the failure is everybody's. */
  readonly contain?: (failure: MeshError) => Promise<void>
}

const startLimitMs = 20_000
const stopLimitMs = 10_000

/**
 * Starts parts in order and stops them in reverse. A failed start stops what had started, and the part that failed as
 * well, so that nothing is left.
 */
export class Lifecycle {
  readonly #clock: Clock
  readonly #started: Part[] = []
  #stopping: Promise<void> | undefined

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /**
   * Starts one part; it is stopped after all that start later.
   *
   * @throws MeshError `MESH_PLUGIN_START_FAILED` naming the part, or what it threw if that is one of core's own codes.
   */
  async start (part: Part): Promise<void> {
    this.#started.push(part)
    try {
      await withDeadline(this.#clock, startLimitMs, `Starting ${part.name}`, async (signal) => await part.start(signal))
    } catch (cause) {
      const failure = startFailed(`${part.name} failed to start`, cause)
      if (part.contain === undefined) throw failure
      await part.contain(failure)
    }
  }

  /** Stops one part now, and not again when all are stopped. Throws `MESH_PLUGIN_STOP_FAILED`. */
  async drop (part: Part): Promise<void> {
    const index = this.#started.indexOf(part)
    if (index < 0 || this.#stopping !== undefined) return
    this.#started.splice(index, 1)
    await this.#stopOne(part)
  }

  /**
   * Stops everything that was started, in reverse. Every part is stopped, whatever the others do; a second call waits
   * for the first.
   *
   * @throws AggregateError of `MESH_PLUGIN_STOP_FAILED`.
   */
  stop (): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  async #stopAll (): Promise<void> {
    const errors: unknown[] = []
    for (const part of this.#started.reverse()) await this.#stopOne(part).catch((error: unknown) => errors.push(error))
    if (errors.length > 0) throw new AggregateError(errors, errors.map(describeError).join('; '))
  }

  async #stopOne ({ name, stop }: Part): Promise<void> {
    try {
      await withDeadline(this.#clock, stopLimitMs, `Stopping ${name}`, async () => await stop())
    } catch (cause) {
      throw new MeshError('MESH_PLUGIN_STOP_FAILED', `${name} did not stop cleanly: ${describeError(cause)}`, { cause })
    }
  }
}
