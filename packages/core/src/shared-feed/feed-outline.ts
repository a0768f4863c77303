import { maxSegmentEntries } from '../automerge/segment-limits.ts'
import { chainInSegment, linkPoints, type FeedPoint } from './feed-point.ts'
import type { FeedSpot, SpotKey } from './feed-spot.ts'

interface Segment<Key extends SpotKey> {
  /** Points that nothing of the segment goes on from. */
  readonly ends: Array<FeedPoint<Key>>
  readonly snapshots: Array<FeedPoint<Key>>
}

/** How the points of a feed hang together, with what `FeedPaths` infers of it. */
export class FeedOutline<Key extends SpotKey> {
  /** In feed order. */
  readonly points: ReadonlyArray<FeedPoint<Key>>
  /** No two points before this seq are known to be on different paths. */
  readonly forkSeq: number
  readonly #byId: ReadonlyMap<string, FeedPoint<Key>>
  readonly #segments = new Map<number, Segment<Key>>()

  constructor (spots: Iterable<FeedSpot<Key>>) {
    this.#byId = linkPoints(spots)
    this.points = [...this.#byId.values()]
    for (const point of this.points) this.#enter(point)
    this.forkSeq = this.#findFork()
  }

  find (id: string): FeedPoint<Key> | undefined {
    return this.#byId.get(id)
  }

  /** Where the segment before may end, for a snapshot: one place, unless the feed is forked or has gaps. */
  base ({ segment, entries, keys }: FeedPoint<Key>): ReadonlyArray<FeedPoint<Key>> {
    if (keys.snapshot === undefined) return []
    return (this.#segments.get(segment - 1)?.ends ?? []).filter((end) => entries - end.entries <= maxSegmentEntries)
  }

  /** Points of a segment that are proofs of snapshots, in feed order. */
  snapshotsOf (segment: number): ReadonlyArray<FeedPoint<Key>> {
    return this.#segments.get(segment)?.snapshots ?? []
  }

  /** Other snapshots of the segment that go as far as the point, or further; the furthest first. */
  * covers (point: FeedPoint<Key>): Generator<FeedPoint<Key>, void, undefined> {
    const snapshots = this.snapshotsOf(point.segment)
    for (let index = snapshots.length - 1; index >= 0; index--) {
      const cover = snapshots[index]
      if (cover === undefined || cover.seq < point.seq) return
      if (cover !== point) yield cover
    }
  }

  #enter (point: FeedPoint<Key>): void {
    const segment = this.#segments.get(point.segment) ?? { ends: [], snapshots: [] }
    this.#segments.set(point.segment, segment)
    if (point.keys.snapshot !== undefined) segment.snapshots.push(point)
    if (!point.heirs.some((heir) => heir.segment === point.segment)) segment.ends.push(point)
  }

  /**
   * Two envelopes with one number show a fork, and so does one that hangs in the air though a snapshot goes further.
   * Chains that do not meet may have parted anywhere before.
   */
  #findFork (): number {
    const proven = this.#findProven()
    let least = Infinity
    for (const [index, point] of this.points.entries()) {
      const next = this.points[index + 1]
      const hangs = point.start === point && point.prev !== undefined && !proven.has(point)
      if (next?.seq === point.seq) least = Math.min(least, next.start === point.start ? point.seq : Math.min(point.start.seq, next.start.seq))
      else if (hangs && this.covers(point).next().done !== true) least = Math.min(least, point.seq)
    }
    return least
  }

  /** What a chain of `prev` shows to be in a snapshot of its segment. */
  #findProven (): ReadonlySet<FeedPoint<Key>> {
    const proven = new Set<FeedPoint<Key>>()
    for (const { snapshots } of this.#segments.values()) {
      for (const snapshot of snapshots) {
        for (const point of chainInSegment(snapshot)) {
          if (proven.has(point)) break
          proven.add(point)
        }
      }
    }
    return proven
  }
}
