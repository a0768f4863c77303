import type { Range, Tip } from '@akshi/core'
import type { FeedPaths } from './feed-paths.ts'
import { previousInSegment, type Point } from './feed-points.ts'

/** Where so few envelopes are wanted, the snapshot that stands for them would be more to carry. */
const maxInsteadOfSnapshot = 200

/**
 * Names of the files that bring somebody who has the points of a range everything else that is there, in feed order;
 * newest first means snapshots from the newest to the oldest, then envelopes. A file is left out where it stands before a
 * point that is had, as far as `FeedPaths` can tell, or where a chain of `prev` shows it to be in a snapshot that is
 * given. Of what cannot be told, rather too much is given than too little.
 */
export function selectNames (paths: FeedPaths, { have, skip = [] }: Range, newestFirst: boolean): string[] {
  const isHad = findHad(paths, have, skip)
  const wanted = new Set(paths.points.filter((point) => !isHad(point)))
  const { given, spared } = chooseSnapshots(wanted)
  const order = newestFirst ? new Set([...given, ...wanted]) : wanted
  return [...order].flatMap((point) => (given.has(point) ? point.files.snapshot : spared.has(point) ? undefined : point.files.envelope) ?? [])
}

/** Whatever stands before a point that is had; without a fork in sight, that is all with a smaller number. */
function findHad (paths: FeedPaths, have: readonly Tip[], skip: readonly Tip[]): (point: Point) => boolean {
  const points = findPoints(paths, have)
  const lastSeq = Math.max(0, ...points.map(({ seq }) => seq))
  const had = new Set<Point>()
  follow(points, had, (point) => {
    const [base, ...others] = paths.base(point)
    return [point.previous, others.length === 0 ? base : undefined]
  })
  follow(findPoints(paths, skip), had, (point) => [previousInSegment(point)])
  return (point) => had.has(point) || (point.seq <= lastSeq && point.seq < paths.forkSeq)
}

function findPoints (paths: FeedPaths, tips: readonly Tip[]): Point[] {
  return tips.flatMap(({ id }) => paths.find(Buffer.from(id).toString('hex')) ?? [])
}

/** Adds the points to those that were met, and all that `next` leads to. */
function follow (points: readonly Point[], met: Set<Point>, next: (point: Point) => (Point | undefined)[]): void {
  const open: (Point | undefined)[] = [...points]
  while (open.length > 0) {
    const point = open.pop()
    if (point === undefined || met.has(point)) continue
    met.add(point)
    open.push(...next(point))
  }
}

/** From the newest to the oldest: those that are given, and the points that need no file of their own then. */
function chooseSnapshots (wanted: ReadonlySet<Point>): { given: ReadonlySet<Point>, spared: ReadonlySet<Point> } {
  const [given, spared] = [new Set<Point>(), new Set<Point>()]
  for (const point of [...wanted].reverse()) {
    if (point.files.snapshot === undefined || spared.has(point)) continue
    const { chain, isWhole } = wantedChain(wanted, point)
    if (isWhole && chain.length <= maxInsteadOfSnapshot) continue
    given.add(point)
    for (const each of chain) spared.add(each)
  }
  return { given, spared }
}

/** The wanted points that a snapshot is known to stand for, and whether their own files would do as well. */
function wantedChain (wanted: ReadonlySet<Point>, snapshot: Point): { chain: readonly Point[], isWhole: boolean } {
  const chain: Point[] = []
  let isWhole = true
  for (let point: Point | undefined = snapshot; point !== undefined && wanted.has(point); point = previousInSegment(point)) {
    chain.push(point)
    isWhole &&= point.files.envelope !== undefined && (point.prev === undefined || point.previous !== undefined)
  }
  return { chain, isWhole }
}
