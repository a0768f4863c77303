import type { Range, Tip } from '../transport.ts'
import { hexOf } from '../journal/state/hex.ts'
import type { FeedOutline } from './feed-outline.ts'
import { chainInSegment, type FeedPoint } from './feed-point.ts'
import type { SpotKey } from './feed-spot.ts'

/** In which order items are given, and when snapshots are. The options of a pull will do. */
export interface SelectionOptions {
  /** Snapshots from the newest to the oldest, then envelopes; feed order otherwise. */
  readonly newestFirst?: boolean
  /** More envelopes than this that a snapshot stands for are not given one by one, if it is there. Default 200: fewer are less to carry. */
  readonly maxEnvelopes?: number
}

/** The keys that `FeedPaths.select` gives. */
export function selectKeys<Key extends SpotKey> (outline: FeedOutline<Key>, { have, skip = [] }: Range, { newestFirst = false, maxEnvelopes = 200 }: SelectionOptions): Key[] {
  const isHad = findHad(outline, have, skip)
  const wanted = new Set(outline.points.filter((point) => !isHad(point)))
  const { given, spared } = chooseSnapshots(wanted, maxEnvelopes)
  const keys: Key[] = []
  for (const point of newestFirst ? new Set([...given, ...wanted]) : wanted) {
    const key = given.has(point) ? point.keys.snapshot : spared.has(point) ? undefined : point.keys.envelope
    if (key !== undefined) keys.push(key)
  }
  return keys
}

/** Whatever stands before a point that is had; without a fork in sight, that is all with a smaller number. */
function findHad<Key extends SpotKey> (outline: FeedOutline<Key>, have: readonly Tip[], skip: readonly Tip[]): (point: FeedPoint<Key>) => boolean {
  const points = findPoints(outline, have)
  const lastSeq = points.reduce((last, { seq }) => Math.max(last, seq), 0)
  const had = followBack(outline, points)
  for (const point of findPoints(outline, skip)) for (const each of chainInSegment(point)) had.add(each)
  return (point) => had.has(point) || (point.seq <= lastSeq && point.seq < outline.forkSeq)
}

function findPoints<Key extends SpotKey> (outline: FeedOutline<Key>, tips: readonly Tip[]): Array<FeedPoint<Key>> {
  return tips.flatMap(({ id }) => outline.find(hexOf(id)) ?? [])
}

/** The points, and all before them, also over what only a base tells. */
function followBack<Key extends SpotKey> (outline: FeedOutline<Key>, points: ReadonlyArray<FeedPoint<Key>>): Set<FeedPoint<Key>> {
  const [met, open] = [new Set<FeedPoint<Key>>(), [...points]]
  for (let point = open.pop(); point !== undefined; point = open.pop()) {
    if (met.has(point)) continue
    met.add(point)
    const [base, ...others] = outline.base(point)
    if (point.previous !== undefined) open.push(point.previous)
    if (base !== undefined && others.length === 0) open.push(base)
  }
  return met
}

/** From the newest to the oldest: those that are given, and the points that need no item of their own then. */
function chooseSnapshots<Key extends SpotKey> (wanted: ReadonlySet<FeedPoint<Key>>, maxEnvelopes: number): { given: ReadonlySet<FeedPoint<Key>>, spared: ReadonlySet<FeedPoint<Key>> } {
  const [given, spared] = [new Set<FeedPoint<Key>>(), new Set<FeedPoint<Key>>()]
  for (const point of [...wanted].reverse()) {
    if (point.keys.snapshot === undefined || spared.has(point)) continue
    const { chain, isWhole } = wantedChain(wanted, point)
    if (isWhole && chain.length <= maxEnvelopes) continue
    given.add(point)
    for (const each of chain) spared.add(each)
  }
  return { given, spared }
}

/** The wanted points that a snapshot is known to stand for, and whether their own items would do as well. */
function wantedChain<Key extends SpotKey> (wanted: ReadonlySet<FeedPoint<Key>>, snapshot: FeedPoint<Key>): { chain: ReadonlyArray<FeedPoint<Key>>, isWhole: boolean } {
  const chain: Array<FeedPoint<Key>> = []
  let isWhole = true
  for (const point of chainInSegment(snapshot)) {
    if (!wanted.has(point)) break
    chain.push(point)
    isWhole &&= point.keys.envelope !== undefined && (point.prev === undefined || point.previous !== undefined)
  }
  return { chain, isWhole }
}
