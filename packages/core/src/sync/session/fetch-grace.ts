import type { Clock } from '../../clock.ts'
import type { Tip } from '../../transport.ts'
import { sameTips } from '../vector.ts'

/** How many envelopes a feed may lack before its fetching is left to the other end, if that is one that fetches. */
const pushedAlways = 64
const pushedAtFirst = 8
/** How long it is left to it, and how long ago it may have asked last. */
const fetchGraceMs = 2_000
const fetcherMs = 30_000

/**
 * The time that the other end is given to fetch a feed itself, so that not both ends move the same. It may have fetched it from
 * somebody else meanwhile: what it lacks after its time counts only once it was asked again.
 */
export class FetchGrace {
  readonly #clock: Clock
  /** Feeds whose fetching is left to it, by feed key: since when, and what it had then. */
  readonly #left = new Map<string, { readonly since: number, readonly tips: readonly Tip[] }>()
  #askedAt: number | undefined
  #metAt: number | undefined
  /** When it last said what it has. */
  #comparedAt = -Infinity

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** When after this time the first feed is not left to it any more, on the monotonic clock. */
  nextEndAfter (time: number): number {
    return Math.min(...[...this.#left.values()].map(({ since }) => since + fetchGraceMs).filter((at) => at > time))
  }

  /** Notes that it asked what this node has: it is one that fetches. */
  noteAsked (): void {
    this.#askedAt = this.#clock.monotonic()
  }

  /** Whether the time of a feed is over since it last said what it has. */
  get isInDoubt (): boolean {
    const now = this.#clock.monotonic()
    return [...this.#left.values()].some(({ since }) => since + fetchGraceMs <= now && this.#comparedAt < since + fetchGraceMs)
  }

  /** Notes that it said what it has. */
  noteCompared (): void {
    this.#comparedAt = this.#clock.monotonic()
  }

  /** Notes that it answers: one that has just met this node is about to ask, if it is one that fetches. */
  noteMet (): void {
    this.#metAt ??= this.#clock.monotonic()
  }

  /** Whether a feed, of which it has these tips and lacks so many envelopes, is left to it now. */
  isLeft (key: string, lacking: number, tips: readonly Tip[]): boolean {
    const now = this.#clock.monotonic()
    const fetches = now - (this.#askedAt ?? -Infinity) < fetcherMs || now - (this.#metAt ?? -Infinity) < fetchGraceMs
    if (!fetches || lacking <= (tips.length === 0 ? pushedAtFirst : pushedAlways)) {
      this.#left.delete(key)
      return false
    }
    const left = this.#left.get(key)
    if (left === undefined || !sameTips(left.tips, tips)) {
      this.#left.set(key, { since: now, tips })
      return true
    }
    return this.#comparedAt < left.since + fetchGraceMs
  }

  /** Notes that it lacks nothing of a feed. */
  end (key: string): void {
    this.#left.delete(key)
  }
}
