import type { FeedPaths } from './feed-paths.ts'
import { previousInSegment, type Point } from './feed-points.ts'

/**
 * Names of the files that snapshots of sealed segments make superfluous, the oldest first: deleted in this order, those
 * that are left still hang together. A file is spent only if a chain of `prev` leads to it from such a snapshot, so a
 * fork never is; or, while no fork shows, from a smaller snapshot.
 *
 * @param own names of snapshots that are known to be as this node would write them; no others count
 */
export function findSpent (paths: FeedPaths, own: ReadonlySet<string>): string[] {
  const isOwn = ({ files }: Point) => files.snapshot !== undefined && own.has(files.snapshot)
  const sealed = paths.points.filter((point) => isOwn(point) && isSealed(paths, point))
  return sealed.flatMap((snapshot) => {
    const smaller = paths.forkSeq < Infinity ? [] : paths.snapshotsOf(snapshot.segment).filter((each) => each.seq < snapshot.seq && isOwn(each) && each.heirs.length === 0)
    return [...smaller, snapshot].flatMap((each) => chainFiles(each)).filter((name) => name !== snapshot.files.snapshot)
  })
}

/** Something of the segment after it is there. */
function isSealed (paths: FeedPaths, snapshot: Point): boolean {
  const { segment } = snapshot
  return snapshot.heirs.some((heir) => heir.segment > segment) ||
    paths.snapshotsOf(segment + 1).some((next) => paths.base(next).every((end) => end === snapshot) && paths.base(next).length > 0)
}

/** Files of the chain of `prev` that leads to a point in its segment, the oldest first, and its own. */
function chainFiles (last: Point): string[] {
  const chain: string[] = []
  for (let point: Point | undefined = last; point !== undefined; point = previousInSegment(point)) {
    chain.push(...[point.files.snapshot, point.files.envelope].filter((name) => name !== undefined))
  }
  return chain.reverse()
}
