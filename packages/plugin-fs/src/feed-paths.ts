import type { Tip } from '@akshi/core'
import { linkPoints, type Place, type Point } from './feed-points.ts'

/** The most entries that a segment has (docs/protocol.md). */
const maxSegmentEntries = 4_096

/**
 * The paths through a feed, as far as the names and headers of files tell. What is inside a snapshot is not looked at, so
 * two things are inferred: what stands before one whose `prev` is no file, and, where no fork shows, that it stands for
 * everything of its segment up to its proof. Rather too many tips are known than too few.
 */
export class FeedPaths {
  /** In feed order: by seq, and the sides of a fork by id. */
  readonly points: readonly Point[]
  /** No two points before this seq are known to be on different paths. */
  readonly forkSeq: number
  readonly #byId: ReadonlyMap<string, Point>
  readonly #segments = new Map<number, { readonly ends: Point[], readonly snapshots: Point[] }>()
  #tips: Tip[] | undefined

  constructor (places: Iterable<Place>) {
    this.#byId = linkPoints(places)
    this.points = [...this.#byId.values()]
    for (const point of this.points) this.#enter(point)
    this.forkSeq = this.#findFork()
  }

  /**
   * The last point of each path that is whole: one tip, unless the feed is forked; none when the beginning is missing.
   * What lies behind a gap does not count, nor what a snapshot stands for.
   */
  get tips (): readonly Tip[] {
    this.#tips ??= this.#findTips()
    return this.#tips
  }

  find (id: string): Point | undefined {
    return this.#byId.get(id)
  }

  /** Where the segment before may end, for a snapshot: one place, unless the feed is forked or has gaps. */
  base ({ segment, entries, files }: Point): readonly Point[] {
    if (files.snapshot === undefined) return []
    return (this.#segments.get(segment - 1)?.ends ?? []).filter((end) => entries - end.entries <= maxSegmentEntries)
  }

  /** Points of a segment that are proofs of snapshots, in feed order. */
  snapshotsOf (segment: number): readonly Point[] {
    return this.#segments.get(segment)?.snapshots ?? []
  }

  /** Other snapshots of the segment that go as far as the point, or further. */
  #covers (point: Point): readonly Point[] {
    return this.snapshotsOf(point.segment).filter((cover) => cover !== point && cover.seq >= point.seq)
  }

  #enter (point: Point): void {
    const segment = this.#segments.get(point.segment) ?? { ends: [], snapshots: [] }
    this.#segments.set(point.segment, segment)
    if (point.files.snapshot !== undefined) segment.snapshots.push(point)
    if (!point.heirs.some((heir) => heir.segment === point.segment)) segment.ends.push(point)
  }

  #findTips (): Tip[] {
    const reached = this.#reach()
    const passed = new Set<Point>()
    for (const point of reached) {
      const base = this.base(point)
      const last = base.some((end) => passed.has(end)) ? undefined : base.at(-1)
      for (const each of [point.previous, last]) if (each !== undefined) passed.add(each)
    }
    const isCovered = (point: Point) => point.seq < this.forkSeq && this.#covers(point).some((cover) => reached.has(cover))
    return [...reached]
      .filter((point) => !passed.has(point) && !isCovered(point))
      .sort((a, b) => a.seq - b.seq)
      .map(({ seq, id }) => ({ seq, id: new Uint8Array(Buffer.from(id, 'hex')) }))
  }

  /** Points with everything before them; the second time, forks too that leave their path inside a snapshot. */
  #reach (): ReadonlySet<Point> {
    const reached = new Set<Point>()
    const all = (points: readonly Point[]) => points.length > 0 && points.every((point) => reached.has(point))
    for (const points of this.forkSeq === Infinity ? [this.points] : [this.points, this.points]) {
      for (const point of points) {
        const { previous, prev, files, segment } = point
        if (prev === undefined || (previous !== undefined && reached.has(previous)) ||
          (files.snapshot !== undefined ? segment === 0 || all(this.base(point)) : previous === undefined && all(this.#covers(point)))) reached.add(point)
      }
    }
    return reached
  }

  /**
   * Two envelopes with one number show a fork, and so does one that hangs in the air though a snapshot goes further.
   * Chains that do not meet may have parted anywhere before.
   */
  #findFork (): number {
    const proven = this.#proven()
    let least = Infinity
    for (const [index, point] of this.points.entries()) {
      const next = this.points[index + 1]
      const hangs = point.start === point && point.prev !== undefined && !proven.has(point)
      if (next?.seq === point.seq) least = Math.min(least, next.start === point.start ? point.seq : Math.min(point.start.seq, next.start.seq))
      else if (hangs && this.#covers(point).length > 0) least = Math.min(least, point.seq)
    }
    return least
  }

  /** What a chain of `prev` shows to be in a snapshot of its segment. */
  #proven (): ReadonlySet<Point> {
    const proven = new Set<Point>()
    for (const { snapshots } of this.#segments.values()) {
      for (const snapshot of snapshots) {
        for (let point: Point | undefined = snapshot; point?.segment === snapshot.segment && !proven.has(point); point = point.previous) proven.add(point)
      }
    }
    return proven
  }
}
