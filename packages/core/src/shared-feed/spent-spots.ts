import type { FeedOutline } from './feed-outline.ts'
import { chainInSegment, type FeedPoint } from './feed-point.ts'
import type { SpotKey } from './feed-spot.ts'

/** The keys that `FeedPaths.spent` gives. */
export function findSpent<Key extends SpotKey> (outline: FeedOutline<Key>, own: ReadonlySet<Key>): Key[] {
  const isOwn = ({ keys }: FeedPoint<Key>) => keys.snapshot !== undefined && own.has(keys.snapshot)
  const spent = new Set<Key>()
  for (const snapshot of outline.points) {
    if (!isOwn(snapshot) || !isSealed(outline, snapshot)) continue
    const smaller = outline.forkSeq < Infinity ? [] : outline.snapshotsOf(snapshot.segment).filter((each) => each.seq < snapshot.seq && isOwn(each) && each.heirs.length === 0)
    for (const key of [...smaller, snapshot].flatMap(keysOfChain)) if (key !== snapshot.keys.snapshot) spent.add(key)
  }
  return [...spent]
}

/** Something of the segment after it is there. */
function isSealed<Key extends SpotKey> (outline: FeedOutline<Key>, snapshot: FeedPoint<Key>): boolean {
  if (snapshot.heirs.some((heir) => heir.segment > snapshot.segment)) return true
  return outline.snapshotsOf(snapshot.segment + 1).some((next) => {
    const base = outline.base(next)
    return base.length > 0 && base.every((end) => end === snapshot)
  })
}

/** Keys of the chain of `prev` that leads to a point in its segment, the oldest first, and its own. */
function keysOfChain<Key extends SpotKey> (last: FeedPoint<Key>): Key[] {
  const keys: Key[] = []
  for (const point of chainInSegment(last)) {
    for (const key of [point.keys.snapshot, point.keys.envelope]) if (key !== undefined) keys.push(key)
  }
  return keys.reverse()
}
