import type { Range, Tip } from '../transport.ts'
import { FeedOutline } from './feed-outline.ts'
import { selectKeys, type SelectionOptions } from './feed-selection.ts'
import type { FeedSpot, SpotKey } from './feed-spot.ts'
import { findTips } from './feed-tips.ts'
import { findSpent } from './spent-spots.ts'

/**
 * For transports of reach "shared": the paths through one feed, as far as the items in a place tell that keeps them and
 * understands nothing of them. It answers what a `Link` over such a place is asked: what is there (`tips`) and what
 * somebody lacks (`select`). It is made from the spots of the good items, of one feed, in any order; of two of one kind
 * and id the later counts. It never changes: make another one when an item has come or gone.
 *
 * What is inside a snapshot is not looked at, so three things are inferred:
 * - a snapshot goes on from wherever the segment before may end: from each end of what is there of it that the count of
 *   entries allows (a segment has at most 4,096). It is whole when all of these are;
 * - while no fork shows (two envelopes with one seq, or one that no chain ties to a snapshot that goes further), there is
 *   one path, and who has a point has all with a smaller seq;
 * - an envelope whose `prev` is not there leaves its path inside the snapshots of its segment that go as far.
 *
 * Where that cannot be told, rather too much is given and rather too many tips are known: that is harmless. Too little is
 * given only of a fork when everything is missing that would show it, or when the last envelope of a segment is missing on one
 * of its sides; a tip goes too far only over such a loss, or over one at the end of a segment when the snapshot after it is
 * of less than a full one. So a place should not lose what it was given.
 *
 * Making one takes O(n log n) for n items, a call O(n), and for each snapshot the ends of the segment before it: one, unless
 * the feed is forked or has gaps. (At worst, with gaps everywhere, it is gaps times snapshots.) Ten thousand items take some 10 ms.
 *
 * @example
 * const paths = new FeedPaths(items.map(({ path, bytes }) => spotOf(path, peekItem(bytes, meshId))))
 * const state = { feed, tips: paths.tips, heads: [] }         // for a digest or a receipt, if there are tips
 * const wanted = paths.select(range, options)                 // for a pull: paths, in the order in which to read them
 */
export class FeedPaths<Key extends SpotKey = string> {
  readonly #outline: FeedOutline<Key>
  #tips: readonly Tip[] | undefined

  constructor (spots: Iterable<FeedSpot<Key>>) {
    this.#outline = new FeedOutline(spots)
  }

  /**
   * The last point of each path that is whole, in feed order: one tip, unless the feed is forked; none when the beginning
   * is missing. What lies behind a gap does not count, nor what a snapshot stands for.
   */
  get tips (): readonly Tip[] {
    this.#tips ??= findTips(this.#outline)
    return this.#tips
  }

  /**
   * Keys of the items that bring somebody who has the points of a range everything else that is there, gap or not. Left out
   * is what stands before a point that is had, and what a chain of `prev` shows to be in a snapshot that is given or
   * skipped. The feed of the range is not looked at.
   */
  select (range: Range, options: SelectionOptions = {}): Key[] {
    return selectKeys(this.#outline, range, options)
  }

  /**
   * Keys of items that the origin of the feed, and nobody else, may delete: those that snapshots of sealed segments make
   * superfluous. Deleted in this order, one by one, what is left hangs together at any time. An item is spent only if a
   * chain of `prev` leads to it from such a snapshot, so a fork never is; or, while no fork shows, from a smaller snapshot.
   *
   * @param own keys of snapshots that are known to have the very bytes that this node would write; no others count
   */
  spent (own: ReadonlySet<Key>): Key[] {
    return findSpent(this.#outline, own)
  }
}
