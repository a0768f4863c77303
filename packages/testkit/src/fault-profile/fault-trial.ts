import { describeError, isMeshError, type MeshErrorCode, type Random } from '@akshi/core'
import { ConformanceError } from '../conformance/conformance-case.ts'
import { Patience, type Pace } from '../conformance/patience.ts'

/** What came of a plugin under faults. */
export interface FaultReport {
  readonly seed: number
  /** How often what was done. */
  readonly counts: Readonly<Record<string, number>>
  /** What must not happen and did; none of a plugin that bears it. */
  readonly problems: readonly string[]
}

/** What a call may fail with while others stop, start and go away. */
const allowed: readonly MeshErrorCode[] = ['MESH_PEER_UNREACHABLE', 'MESH_PEER_MISMATCH', 'MESH_NOT_TRUSTED', 'MESH_SEND_FAILED', 'MESH_DISK_FAILED', 'MESH_NOT_RUNNING']
const maxProblems = 10
const aborted = new Error('the trial has aborted it')
const gaveUp = new Error('it takes too long')
const realDeadlineMs = 10_000

/** Settles as `work` does, in time. */
export type Within = <Value> (work: Promise<Value>, what: string) => Promise<Value>

/** Throws the dice, keeps count of what is done and of what goes wrong, and lets nothing hang. */
export class FaultTrial {
  readonly seed: number
  readonly #random: Random
  readonly #counts = new Map<string, number>()
  readonly #problems = new Set<string>()
  readonly #underWay = new Set<{ readonly controller: AbortController }>()

  constructor (seed: number, random: Random) {
    this.seed = seed
    this.#random = random
  }

  get report (): FaultReport {
    return { seed: this.seed, counts: Object.fromEntries(this.#counts), problems: [...this.#problems].slice(0, maxProblems) }
  }

  count (what: string): void { this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1) }
  fail (problem: string): void { this.#problems.add(problem) }
  chance (probability: number): boolean { return this.#random.uniform() < probability }
  below (limit: number): number { return Math.floor(this.#random.uniform() * limit) }

  /** Something that stopped must have left nothing. */
  expectNone (leftovers: readonly string[]): void {
    for (const left of leftovers) this.fail(`stop must leave no timer, socket or handle, but there is still: ${left}`)
  }

  /** Plays, and notes what rejects, what hangs, and promises that were rejected meanwhile and that nobody waits for. */
  async play (run: () => Promise<void>): Promise<void> {
    const unhandled = (error: unknown) => this.fail(`nobody handles a rejected promise: ${describeError(error)}`)
    process.on('unhandledRejection', unhandled)
    try {
      await run()
    } catch (error) {
      this.fail(error instanceof ConformanceError ? error.message : `something failed that had to work: ${describeError(error)}`)
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  }

  /**
   * A way to wait for what must happen. Calls that keep it waiting are aborted when the time is up, as core aborts what takes too
   * long. Rejects with `ConformanceError` when that does not help.
   */
  patience ({ advance, deadlineMs = advance === undefined ? realDeadlineMs : undefined }: Pace): Within {
    const patience = new Patience({ advance, deadlineMs })
    return async (work, what) => await patience.within(work, what).catch(async (error: unknown) => {
      if (!(error instanceof ConformanceError) || this.#underWay.size === 0) throw error
      for (const { controller } of this.#underWay) controller.abort(gaveUp)
      return await patience.within(work, `${what}, with all calls aborted,`)
    })
  }

  /** Makes a call with the chance of an abort; `isCalm` says that nothing else may make it fail. Resolves to the result, or to nothing. */
  async call<Result> (what: string, make: (signal: AbortSignal) => Promise<Result>, isCalm: () => boolean): Promise<Result | undefined> {
    const call = { controller: new AbortController(), isAborted: this.chance(0.25) }
    this.count(what)
    this.#underWay.add(call)
    const made = make(call.controller.signal)
    made.catch(() => {})                                                            // it may fail before it is waited for
    if (call.isAborted) await this.#abort(call.controller)
    try {
      return await made
    } catch (error) {
      this.#note(what, error, call.isAborted, isCalm())
    } finally {
      this.#underWay.delete(call)
    }
  }

  #note (what: string, error: unknown, isAborted: boolean, isCalm: boolean): void {
    const isAllowed = error === gaveUp || (isMeshError(error) && allowed.includes(error.code as MeshErrorCode))
    if (isAborted && error === aborted) this.count('aborted')
    else if (isAllowed && !isCalm) this.count(error === gaveUp ? 'given up' : 'failed')
    else this.fail(`${what} failed${isCalm ? ' though nothing stood in their way' : ''}: ${describeError(error)}`)
  }

  /** Some turns of the event loop later, so that it hits another point each time. */
  async #abort (controller: AbortController): Promise<void> {
    for (let turns = this.below(12); turns > 0; turns--) await new Promise<void>((resolve) => { setImmediate(resolve) })
    controller.abort(aborted)
  }
}
