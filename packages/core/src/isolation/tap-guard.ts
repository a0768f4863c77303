import type { Clock } from '../clock.ts'
import { describeError, MeshError } from '../errors.ts'
import type { Hooks } from '../hooks.ts'
import { isThenable, type Bulkhead } from './bulkhead.ts'
import { announcementProblem, choicesProblem, vetoProblem } from './tap-results.ts'

/** A tap as plugins write it. What it gets and gives is checked by type where it is declared. */
export type Tap = (...values: unknown[]) => unknown

/** How long a tap that decides later can think. */
const decisionMs = { beforeWrite: 5_000, beforeEnvelopeSend: 2_000 } as const
/** Calls of an observer that have not ended; others are left out until one has. */
const maxPending = 64
/** A deadline that comes later than this was kept waiting by this process itself, and the tap too: it gets half its time again, once. */
const stallMs = 250
/** What a tap that does not decide is given up with. */
const hung = Symbol('hung')

const problems: Readonly<Record<keyof Hooks, (result: unknown) => string | undefined>> = {
  onPeerDiscovered: () => undefined,
  beforeWrite: vetoProblem,
  beforeEnvelopeSend: vetoProblem,
  selectTransport: choicesProblem,
  assembleAnnouncement: announcementProblem
}

/** Puts the taps of one plugin behind its bulkhead: timed, named when they fail, bounded, and passed over once the plugin is closed. */
export class TapGuard {
  readonly #bulkhead: Bulkhead
  readonly #clock: Clock

  constructor (bulkhead: Bulkhead, clock: Clock) {
    this.#bulkhead = bulkhead
    this.#clock = clock
  }

  /** What its taps are called, whatever the plugin says. */
  get name (): string { return this.#bulkhead.name }

  /** A tap that answers at once; a promise from one that observes is only watched. */
  guard (hook: keyof Hooks, tap: Tap): Tap {
    this.#bulkhead.meter.add(hook, true)
    const guarded = hook === 'onPeerDiscovered' ? this.#observing(hook, tap) : this.#answering(hook, tap)
    return (...values) => this.#bulkhead.isClosed ? undefined : guarded(...values)
  }

  /** A tap that answers with a promise, in time. */
  guardLater (hook: keyof typeof decisionMs, tap: Tap): (...values: unknown[]) => Promise<unknown> {
    this.#bulkhead.meter.add(hook, true)
    return async (...values) => {
      if (this.#bulkhead.isClosed) return undefined
      try {
        return this.#checked(hook, await this.#inTime(hook, this.#bulkhead.run(hook, () => tap(...values))))
      } catch (error) {
        throw error === hung ? this.#hung(hook) : this.#failed(hook, error)
      }
    }
  }

  /** As `withDeadline`, without a signal to abort, which costs more than most taps: they are asked for each entry. */
  async #inTime (hook: keyof typeof decisionMs, result: unknown): Promise<unknown> {
    if (!isThenable(result)) return result
    const clock = this.#clock
    const limitMs = decisionMs[hook]
    const dueAt = clock.monotonic() + limitMs
    return await new Promise((resolve, reject) => {
      let timer = clock.timer(limitMs, () => {
        const isPardoned = clock.monotonic() - dueAt > stallMs
        if (isPardoned) timer = clock.timer(limitMs / 2, () => reject(hung))
        else reject(hung)
      })
      result.then((given) => { timer.cancel(); resolve(given) }, (error: unknown) => { timer.cancel(); reject(error) })
    })
  }

  #observing (hook: keyof Hooks, tap: Tap): Tap {
    let pending = 0
    const ended = () => { pending-- }
    return (...values) => {
      if (pending >= maxPending) return this.#bulkhead.refuse(hook, `${maxPending} calls of its tap have not ended, so it misses others`)
      const result = this.#bulkhead.contain(hook, () => tap(...values))
      if (!isThenable(result)) return
      pending++
      result.then(ended, ended)
    }
  }

  #answering (hook: keyof Hooks, tap: Tap): Tap {
    return (...values) => {
      try {
        return this.#checked(hook, this.#bulkhead.run(hook, () => tap(...values)))
      } catch (error) {
        throw this.#failed(hook, error)
      }
    }
  }

  #checked (hook: keyof Hooks, result: unknown): unknown {
    const problem = result === undefined ? undefined : isThenable(result) ? 'its tap gave a promise; declare it with tapPromise, where the hook has that' : problems[hook](result)
    if (problem === undefined) return result
    this.#bulkhead.meter.failed(hook)
    throw new TypeError(problem)
  }

  #hung (hook: keyof typeof decisionMs): MeshError {
    const what = `did not decide in ${hook} within ${decisionMs[hook] / 1_000} s`
    this.#bulkhead.meter.failed(hook)
    this.#bulkhead.meter.answered(hook, decisionMs[hook])
    return this.#told(hook, what, new MeshError('MESH_TIMEOUT', what))
  }

  #failed (hook: keyof Hooks, cause: unknown): MeshError {
    return this.#told(hook, `failed in ${hook}: ${describeError(cause)}`, cause)
  }

  /** The one who asks may not have anybody to tell. */
  #told (hook: keyof Hooks, what: string, cause: unknown): MeshError {
    this.#bulkhead.warn(hook, what)
    return new MeshError('MESH_HOOK_FAILED', `${this.#bulkhead.title} ${what}`, { cause })
  }
}
