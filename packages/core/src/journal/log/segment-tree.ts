import { sameBytes } from '../../bytes.ts'
import type { Tip } from '../../transport.ts'
import type { LogSegment } from './log-segment.ts'

/**
 * The segments of a feed: a chain, and a tree where the feed forked. A segment hangs on the end of the one before; two that
 * hold the same beginning stand side by side. One whose predecessor is not here is detached.
 */
export class SegmentTree {
  readonly #segments: LogSegment[] = []
  #attached: ReadonlySet<LogSegment> = new Set()
  #leaves: readonly LogSegment[] = []

  get all (): readonly LogSegment[] { return this.#segments }

  /** Ends of the paths that are here from their start, in a stable order. */
  get leaves (): readonly LogSegment[] { return this.#leaves }

  /** Segments whose path is not here from its start. */
  get detached (): LogSegment[] {
    return this.#segments.filter((segment) => !this.#attached.has(segment))
  }

  /** True when the segment is here with all that stands before it. */
  isAttached (segment: LogSegment): boolean {
    return this.#attached.has(segment)
  }

  add (segment: LogSegment): void {
    this.#segments.push(segment)
    this.link()
  }

  remove (segment: LogSegment): void {
    this.#segments.splice(this.#segments.indexOf(segment), 1)
    const siblings = segment.parent?.children
    siblings?.splice(siblings.indexOf(segment), 1)
    for (const child of segment.children) child.parent = undefined
    this.#sort()
  }

  /** Hangs detached segments on the ends that they fit, as far as there are any. */
  link (): void {
    for (const segment of this.#segments) {
      if (segment.parent !== undefined || segment.number === 0) continue
      const parent = this.endAt(segment.number - 1, segment.after.seq, segment.after.head)
      if (parent?.tip.entries !== segment.after.entries) continue
      segment.parent = parent
      parent.children.push(segment)
    }
    this.#sort()
  }

  /** The segment of this number that ends with this envelope and head. */
  endAt (number: number, seq: number, head: Uint8Array | undefined): LogSegment | undefined {
    return this.#segments.find((segment) => segment.number === number && segment.tip.seq === seq && sameBytes(segment.tip.head, head))
  }

  /** The segment that ends with this envelope. */
  endingWith (point: { readonly seq: number, readonly id: Uint8Array | undefined }): LogSegment | undefined {
    return this.#segments.findLast((segment) => segment.tip.seq === point.seq && sameBytes(segment.tip.id, point.id))
  }

  /** The segments with this number that hold an envelope of this number. */
  covering (number: number, seq: number): LogSegment[] {
    return this.#segments.filter((segment) => segment.number === number && segment.covers(seq))
  }

  /** The segment that holds a point with all before it, as far as its id is known without unfolding anything. */
  holding (point: Tip): LogSegment | undefined {
    return this.#segments.find((segment) => segment.covers(point.seq) && this.#attached.has(segment) && sameBytes(segment.idAt(point.seq), point.id))
  }

  /** The segment that goes on where another, which holds nothing of its own, ends. */
  elderOf (segment: LogSegment | undefined): LogSegment | undefined {
    return segment !== undefined && isCut(segment) ? this.#segments.find(({ name }) => name === segment.shared.with) : undefined
  }

  isBefore (point: Tip, other: Tip): boolean {
    const holder = this.holding(point)
    let segment = this.holding(other)
    if (holder === undefined || segment === undefined || point.seq > other.seq) return false
    for (; segment !== undefined; segment = segment.parent) {
      if (segment === holder) return true
      if (segment.parent === holder.parent && segment.number === holder.number) return point.seq <= Math.max(segment.shared.seq, holder.shared.seq)
    }
    return false
  }

  /** The end of the last segment that is whole for somebody who has so many envelopes of the longest path. */
  pointBefore (seq: number): Tip[] {
    let segment = this.#leaves.reduce<LogSegment | undefined>((best, leaf) => best === undefined || leaf.tip.seq > best.tip.seq ? leaf : best, undefined)
    while (segment !== undefined && segment.tip.seq > seq) segment = segment.parent
    return segment === undefined ? [] : [{ seq: segment.tip.seq, id: segment.tip.id }]
  }

  /** Points to name to somebody who may have less or another path: ends, then what stands before them at growing distances. */
  points (most: number): Tip[] {
    const { leaves } = this
    const points = leaves.map(({ tip: { seq, id } }) => ({ seq, id }))
    for (const leaf of leaves) {
      for (let back = 1; leaf.tip.seq - back >= leaf.firstKept; back *= 2) addPoint(points, leaf.tip.seq - back, leaf.idAt(leaf.tip.seq - back))
      for (let distance = 1, next = 1, segment = leaf.parent; segment !== undefined; segment = segment.parent, distance++) {
        if (distance !== next) continue
        addPoint(points, segment.tip.seq, segment.tip.id)
        next *= 2
      }
    }
    return points.slice(0, most)
  }

  #sort (): void {
    const attached = new Set(this.#segments.filter(({ number }) => number === 0))
    for (const segment of attached) for (const child of segment.children) attached.add(child)
    this.#attached = attached
    this.#leaves = this.#segments.filter((segment) => segment.children.length === 0 && attached.has(segment) && !isCut(segment))
  }
}

/** True for a segment all of which another holds too: it is there for what goes on from its end. */
export function isCut ({ shared, tip }: LogSegment): boolean {
  return shared.with !== undefined && shared.seq === tip.seq
}

function addPoint (points: Tip[], seq: number, id: Uint8Array | undefined): void {
  if (id !== undefined && !points.some((point) => sameBytes(point.id, id))) points.push({ seq, id })
}
