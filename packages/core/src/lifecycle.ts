import type { Clock } from './clock.ts'
import { withDeadline } from './deadline.ts'
import { describeError, isMeshError, MeshError, meshErrorCodes } from './errors.ts'

/** Something that is started and stopped. */
export interface Part {
  /** What the operator calls it: "plugin mdns". */
  readonly name: string
  readonly start: (signal: AbortSignal) => Promise<void> | void
  readonly stop: () => Promise<void> | void
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
      throw startFailed(part.name, cause)
    }
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
    for (const { name, stop } of this.#started.reverse()) {
      try {
        await withDeadline(this.#clock, stopLimitMs, `Stopping ${name}`, async () => await stop())
      } catch (cause) {
        errors.push(new MeshError('MESH_PLUGIN_STOP_FAILED', `${name} did not stop cleanly: ${describeError(cause)}`, { cause }))
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, errors.map(describeError).join('; '))
  }
}

/** What an operator can mend keeps its code; everything else is the part's failure. */
function startFailed (name: string, cause: unknown): MeshError {
  const known = isMeshError(cause) && cause.code !== 'MESH_TIMEOUT' && (meshErrorCodes as readonly string[]).includes(cause.code)
  return known ? cause : new MeshError('MESH_PLUGIN_START_FAILED', `${name} failed to start: ${describeError(cause)}`, { cause })
}
