import { describeError, isMeshError, type Identity } from '@akshi/core'
import { seededIdentity } from '../seeded-identity.ts'
import { settle } from '../virtual-clock.ts'
import { ConformanceError, expectThat } from './conformance-case.ts'
import { OpenHandles } from './open-handles.ts'
import { Patience, type Missing, type Pace } from './patience.ts'

/** Something that takes part in a case and is stopped when it is over. */
export interface Part {
  readonly leftovers: () => readonly string[]
  readonly stop: () => Promise<void>
}

/** Where a case plays: waits with patience, and ends it all. */
export class Stage {
  readonly #patience: Patience
  readonly #promise: string
  readonly #parts: Part[] = []
  readonly #handles = new OpenHandles()
  #identities = 0

  /** `promise` is what the case is about, in a sentence. */
  constructor (pace: Pace, promise: string) {
    this.#patience = new Patience(pace)
    this.#promise = promise
  }

  /** An identity that is new to this case. */
  identity (): Identity { return seededIdentity(++this.#identities) }

  /** Has something stopped when the case is over. */
  keep<Kept extends Part> (part: Kept): Kept {
    this.#parts.push(part)
    return part
  }

  /**
   * Plays, and then stops all parts, whatever they make of it. A play that does not end is given up.
   *
   * @throws ConformanceError, with the promise, for whatever `play` throws.
   */
  async run (play: () => Promise<void>): Promise<void> {
    try {
      await this.#patience.whole(play)
    } catch (cause) {
      const what = cause instanceof ConformanceError ? cause.message : `Something failed that had to work: ${describeError(cause)}`
      throw new ConformanceError(`${what.replace(/\.$/, '')}. The promise: ${this.#promise}`, { cause })
    } finally {
      for (const part of this.#parts) await this.within(part.stop(), 'stop, after the case,').catch(() => {})
    }
  }

  /** Settles as `work` does, in time. */
  async within<Value> (work: Promise<Value>, what: string): Promise<Value> {
    return await this.#patience.within(work, what)
  }

  /** Looks again after each event until nothing is missing, in time. */
  async until (look: () => Promise<Missing | undefined>): Promise<void> {
    await this.#patience.until(look)
  }

  /** Throws unless all parts, stopped by now, have left nothing open. Only the system may take a moment, to close what it was told to. */
  async expectNothingLeft (): Promise<void> {
    const left = new Set(this.#parts.flatMap((part) => part.leftovers()))
    expectThat(left.size === 0, `stop must leave no timer, socket or handle, but there is still: ${[...left].join(', ')}`)
    const over = new AbortController()
    const closing = (async () => { while (!over.signal.aborted && this.#handles.more.length > 0) await settle() })()
    try {
      await this.within(closing, 'A stop that leaves no handle')
    } catch (cause) {
      throw new ConformanceError(`stop must leave no timer, socket or handle, but Node still has: ${this.#handles.more.join(', ')}`, { cause })
    } finally {
      over.abort()
    }
  }
}

/** What a call came to: `resolved`, the code of a `MeshError`, or whatever else was thrown. */
export async function outcomeOf (call: Promise<unknown>): Promise<unknown> {
  return await call.then(() => 'resolved', (error: unknown) => isMeshError(error) ? error.code : error)
}
