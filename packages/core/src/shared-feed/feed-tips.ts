import type { Tip } from '../transport.ts'
import type { FeedOutline } from './feed-outline.ts'
import type { FeedPoint } from './feed-point.ts'
import type { SpotKey } from './feed-spot.ts'

/** The last point of each path that is whole, in feed order: what `FeedPaths.tips` says. */
export function findTips<Key extends SpotKey> (outline: FeedOutline<Key>): readonly Tip[] {
  const whole = findWhole(outline)
  const passed = findPassed(outline, whole)
  return outline.points
    .filter((point) => whole.has(point) && !passed.has(point) && !(point.seq < outline.forkSeq && some(outline.covers(point), (cover) => whole.has(cover))))
    .map(({ seq, id }) => ({ seq, id: new Uint8Array(Buffer.from(id, 'hex')) }))
}

/** Points with everything before them; the second time, forks too that leave their path inside a snapshot further on. */
function findWhole<Key extends SpotKey> (outline: FeedOutline<Key>): ReadonlySet<FeedPoint<Key>> {
  const whole = new Set<FeedPoint<Key>>()
  const areWhole = (points: Iterable<FeedPoint<Key>>) => {
    let any = false
    for (const point of points) {
      if (!whole.has(point)) return false
      any = true
    }
    return any
  }
  const isWhole = (point: FeedPoint<Key>) => {
    const { previous, prev, keys, segment } = point
    if (prev === undefined || (previous !== undefined && whole.has(previous))) return true
    if (keys.snapshot !== undefined) return segment === 0 || areWhole(outline.base(point))
    return previous === undefined && areWhole(outline.covers(point))
  }
  for (const points of outline.forkSeq === Infinity ? [outline.points] : [outline.points, outline.points]) {
    for (const point of points) if (isWhole(point)) whole.add(point)
  }
  return whole
}

/** Points that a whole one stands upon. Where several may be its base, only one is: the others may be tips. */
function findPassed<Key extends SpotKey> (outline: FeedOutline<Key>, whole: ReadonlySet<FeedPoint<Key>>): ReadonlySet<FeedPoint<Key>> {
  const passed = new Set<FeedPoint<Key>>()
  for (const point of whole) {
    const base = outline.base(point)
    const last = base.some((end) => passed.has(end)) ? undefined : base.at(-1)
    for (const each of [point.previous, last]) if (each !== undefined) passed.add(each)
  }
  return passed
}

function some<Value> (values: Iterable<Value>, holds: (value: Value) => boolean): boolean {
  for (const value of values) if (holds(value)) return true
  return false
}
