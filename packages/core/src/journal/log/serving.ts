import { sameBytes } from '../../bytes.ts'
import type { Tip } from '../../transport.ts'
import type { ServedItem, ServeOptions } from '../feed.ts'
import { DamagedSegment } from './damaged-segment.ts'
import type { LogSegment } from './log-segment.ts'
import type { Point } from './segment-index.ts'
import { isCut, type SegmentTree } from './segment-tree.ts'

/** Of a segment, so few envelopes and entries are cheaper to send one by one, whatever else is missing. */
const few = { envelopes: 64, entries: 512 }

type MakeSnapshot = (segment: LogSegment, slack?: number) => Promise<{ point: Point, bytes: Uint8Array }>

/**
 * What leads from some points to every end of a tree: envelopes where few are missing, snapshots where many are, may be (the
 * points are of another path) or where the envelopes are not kept any more. Of a segment that another holds too, the
 * envelope that proves its end. A segment that turns out to be damaged goes to `lose`, and ends the sequence.
 */
export async function * serveSegments (tree: SegmentTree, have: readonly Tip[], skip: readonly Tip[], options: ServeOptions, snapshot: MakeSnapshot, lose: (segment: LogSegment, error: unknown) => Promise<void>): AsyncGenerator<ServedItem> {
  const had = coverOf(tree, have)
  const wanted = wantedOf(tree, had).sort((a, b) => a.number - b.number)
  const missing = wanted.map((segment) => missingOf(segment, had))
  const { newestFirst = false } = options
  const isStrange = have.some((point) => tree.holding(point) === undefined)
  const isFar = newestFirst || sum(missing, 'envelopes') > options.maxEnvelopes || sum(missing, 'entries') > options.maxEnvelopes
  for (const segment of newestFirst ? wanted.reverse() : wanted) {
    let from = startOf(segment, had)
    try {
      if (isCut(segment)) {
        const proof = await segment.proofAt(segment.tip.seq)
        if (proof !== undefined) yield { kind: 'envelope', seq: from, bytes: proof.bytes }
        continue
      }
      const needed = missingOf(segment, had)
      const many = isFar || (isStrange && !had.has(segment))
      const isMuch = needed.envelopes > few.envelopes || needed.entries > few.entries
      if (segment.firstKept > from + 1 || (many && (newestFirst || isMuch))) {
        const { point, bytes } = await snapshot(segment, segment.children.length > 0 ? 0 : few.entries)
        if (point.seq > from && !skip.some(({ id }) => sameBytes(id, point.id))) yield { kind: 'snapshot', seq: point.seq, bytes }
        from = Math.max(from, point.seq)
      }
      for (let seq = from + 1; seq <= segment.tip.seq; seq++) {
        const bytes = segment.bytesAt(seq)
        if (bytes === undefined) return
        yield { kind: 'envelope', seq, bytes }
      }
    } catch (error) {
      if (!(error instanceof DamagedSegment)) throw error
      return await lose(segment, error)
    }
  }
}

/** How many envelopes lead from some points to every end of a tree. */
export function countEnvelopes (tree: SegmentTree, have: readonly Tip[]): number {
  const had = coverOf(tree, have)
  return sum(wantedOf(tree, had).map((segment) => missingOf(segment, had)), 'envelopes')
}

function wantedOf (tree: SegmentTree, had: ReadonlyMap<LogSegment, number>): LogSegment[] {
  return tree.all.filter((segment) => tree.isAttached(segment) && (startOf(segment, had) < segment.tip.seq || (isCut(segment) && segment.children.length > 0 && !had.has(segment))))
}

interface Missing { readonly envelopes: number, readonly entries: number }

/** What is missing of a segment; the entries are a guess from how many an envelope of it holds. */
function missingOf (segment: LogSegment, had: ReadonlyMap<LogSegment, number>): Missing {
  const envelopes = segment.tip.seq - startOf(segment, had)
  return { envelopes, entries: Math.round(segment.count * envelopes / (segment.tip.seq - segment.after.seq)) }
}

function sum (missing: readonly Missing[], what: keyof Missing): number {
  return missing.reduce((total, each) => total + each[what], 0)
}

/** Up to which envelope each segment is had by somebody who has these points. */
function coverOf (tree: SegmentTree, have: readonly Tip[]): ReadonlyMap<LogSegment, number> {
  const had = new Map<LogSegment, number>()
  /** Who has a segment up to some envelope has as much of the one that it shares its beginning with, but may not know that this ends there. */
  const note = (segment: LogSegment, seq: number): void => {
    had.set(segment, Math.max(seq, had.get(segment) ?? 0))
    const elder = tree.all.find(({ name }) => name === segment.shared.with)
    if (elder !== undefined) note(elder, Math.min(seq, segment.shared.seq, elder.children.length > 0 ? elder.tip.seq - 1 : Infinity))
  }
  for (const point of have) {
    const holder = tree.holding(point)
    if (holder === undefined) continue
    note(holder, point.seq)
    for (let segment = holder.parent; segment !== undefined; segment = segment.parent) note(segment, segment.tip.seq)
  }
  return had
}

/** The last envelope that need not be served: what a segment shares with an older one is served with that one. */
function startOf (segment: LogSegment, had: ReadonlyMap<LogSegment, number>): number {
  return Math.max(segment.shared.seq, had.get(segment) ?? segment.after.seq)
}
