import { sameBytes } from '../../bytes.ts'
import type { Clock } from '../../clock.ts'
import type { Feed } from '../../journal/feed.ts'
import type { Journals } from '../../journal/journals.ts'
import type { FeedId, FeedState, Tip } from '../../transport.ts'
import { feedKey } from '../../wire.ts'
import { sameTips, vectorOf } from '../vector.ts'

/** What the other end of a link has, as far as this node knows: from what it says, and from what it sends. */
export class OtherEnd {
  readonly #journals: Pick<Journals, 'feed'>
  readonly #clock: Pick<Clock, 'now'>
  #states = new Map<string, FeedState>()
  #saidAt: number | undefined

  constructor (journals: Pick<Journals, 'feed'>, clock: Pick<Clock, 'now'>) {
    this.#journals = journals
    this.#clock = clock
  }

  /** False until it said all that it has. */
  get hasSaid (): boolean { return this.#saidAt !== undefined }

  /** When it last said all that it has, in milliseconds since the Unix epoch. */
  get saidAt (): number | undefined { return this.#saidAt }

  /** By feed key. */
  get states (): ReadonlyMap<string, FeedState> { return this.#states }

  tipsOf (id: FeedId): readonly Tip[] {
    return this.#states.get(feedKey(id))?.tips ?? []
  }

  /** Points of a feed that it has: its tips that are known here, or a guess that they are of the path that is. */
  pointsOf (feed: Feed): readonly Tip[] {
    const tips = this.tipsOf(feed.id)
    const known = tips.filter((tip) => feed.knows(tip))
    if (known.length > 0 || tips.length === 0) return known
    return feed.pointBefore(Math.max(...tips.map(({ seq }) => seq)))
  }

  /** Whether it has all of a feed that is here. */
  has ({ id, state }: Feed): boolean {
    const tips = this.tipsOf(id)
    return state.tips.every(({ id }) => tips.some((other) => sameBytes(id, other.id)))
  }

  /** Whether it said that it does not take a feed. */
  isClosedTo (key: string): boolean {
    return this.#states.get(key)?.closed === true
  }

  /** Notes all that it has. */
  said (states: readonly FeedState[]): void {
    this.#states = vectorOf(states)
    this.#saidAt = this.#clock.now()
  }

  /** Notes what it has of some feeds. */
  saidOf (states: readonly FeedState[]): void {
    for (const state of states) this.#states.set(feedKey(state.feed), state)
  }

  /** Notes what it has among other things. */
  showed (states: readonly FeedState[]): void {
    for (const shown of states) {
      const key = feedKey(shown.feed)
      const before = this.#states.get(key)
      const tips = this.#ends(shown.feed, [...before?.tips ?? [], ...shown.tips])
      if (before !== undefined && sameTips(tips, before.tips)) continue
      this.#states.set(key, { ...before ?? shown, tips, heads: sameTips(tips, shown.tips) ? shown.heads : [] })
    }
  }

  /** The points that lead to none of the others, as far as that is known here. */
  #ends (id: FeedId, points: readonly Tip[]): Tip[] {
    const feed = this.#journals.feed(id)
    const each = points.filter((point, index) => points.findIndex((other) => sameBytes(point.id, other.id)) === index)
    return each.filter((point) => !each.some((other) => other !== point && feed?.isBefore(point, other) === true))
  }
}
