import type { Range, Tip } from '@akshi/core'

/** What a good file in a folder says of its place in the feed; ids in hex. A state feed counts as one segment with no entries. */
export interface Place {
  readonly name: string
  readonly kind: 'envelope' | 'snapshot'
  readonly seq: number
  readonly id: string
  /** Id of the envelope before it; none for the first. */
  readonly prev: string | undefined
  readonly segment: number
}

/** An envelope by its id: as a file of its own, as the proof of a snapshot, or both. */
export interface Point extends Omit<Place, 'name' | 'kind'> {
  readonly files: { envelope?: string, snapshot?: string }
  readonly previous: Point | undefined
}

/** Where so few envelopes are wanted, the snapshot that stands for them would be more to carry. */
const maxInsteadOfSnapshot = 20

/**
 * The paths through a feed, as far as files tell without a look into snapshots: rather too many tips are known, and rather
 * too much is given, than too little.
 */
export class FolderPaths {
  /** In feed order: by seq, and the sides of a fork by id. */
  readonly points: readonly Point[]
  readonly #byId = new Map<string, Point>()
  readonly #snapshots: readonly Point[]
  readonly #reached = new Set<Point>()
  /** From here on not all points are known to be on one path. */
  readonly #forkSeq: number

  constructor (places: Iterable<Place>) {
    for (const { name, kind, seq, id, prev, segment } of [...places].sort((a, b) => a.seq - b.seq || (a.id < b.id ? -1 : 1))) {
      const point = this.#byId.get(id) ?? { seq, id, prev, segment, files: {}, previous: this.#byId.get(prev ?? '') }
      this.#byId.set(id, point)
      point.files[kind] = name
    }
    this.points = [...this.#byId.values()]
    this.#snapshots = this.points.filter(({ files }) => files.snapshot !== undefined)
    this.#forkSeq = this.#findFork()
    for (const point of [...this.points, ...this.points]) if (this.#isWhole(point)) this.#reached.add(point)         // again: a fork may hang on a snapshot further on
  }

  /** The last point of each path that is whole. */
  get tips (): readonly Tip[] {
    const passed = new Set([...this.#reached].flatMap((point) => [point.previous, this.#endBefore(point)]))
    const isCovered = (point: Point) => point.seq < this.#forkSeq && this.#covers(point).length > 0
    return [...this.#reached].filter((point) => !passed.has(point) && !isCovered(point)).map(({ seq, id }) => ({ seq, id: new Uint8Array(Buffer.from(id, 'hex')) }))
  }

  /** Files that bring somebody who has the points of a range everything else, in the order in which to give them. */
  select ({ have, skip = [] }: Range, newestFirst: boolean): string[] {
    const had = this.#hadBy(have, skip)
    const wanted = this.points.filter((point) => !had(point))
    const { given, spared } = chooseSnapshots(wanted)
    const names = (points: readonly Point[]) => points.flatMap((point) => (given.has(point) ? point.files.snapshot : spared.has(point) ? undefined : point.files.envelope) ?? [])
    return newestFirst ? [...names([...given]), ...names(wanted.filter((point) => !given.has(point)))] : names(wanted)
  }

  /** The envelopes that a snapshot of a sealed segment stands for. */
  spentBy (id: string): string[] {
    const proof = this.#byId.get(id)
    if (proof?.files.snapshot === undefined || !this.points.some(({ segment }) => segment > proof.segment)) return []
    return chainOf(proof).flatMap(({ files }) => files.envelope ?? [])
  }

  #isWhole (point: Point): boolean {
    const { previous, prev, segment, files } = point
    if (prev === undefined || (previous !== undefined && this.#reached.has(previous))) return true
    if (files.snapshot !== undefined) return segment === 0 || this.#endsOf(segment - 1).some((end) => this.#reached.has(end))
    return previous === undefined && this.#covers(point).length > 0
  }

  /** Other snapshots of its segment that go as far, with everything before them. */
  #covers (point: Point): Point[] {
    return this.#snapshots.filter((other) => other !== point && other.segment === point.segment && other.seq >= point.seq && this.#reached.has(other))
  }

  #endsOf (segment: number): Point[] {
    const own = this.points.filter((point) => point.segment === segment)
    return own.filter((end) => !own.some(({ previous }) => previous === end))
  }

  /** Where the segment before a snapshot ends, when its `prev` is no file. */
  #endBefore ({ previous, segment, files }: Point): Point | undefined {
    return previous !== undefined || files.snapshot === undefined ? undefined : this.#endsOf(segment - 1).findLast((end) => this.#reached.has(end))
  }

  #findFork (): number {
    const doubles = this.points.filter(({ seq }, index) => this.points[index + 1]?.seq === seq || this.points[index - 1]?.seq === seq)
    const starts = this.points.filter(({ prev, previous }) => prev !== undefined && previous === undefined)
    const hangs = starts.filter((start) => this.#snapshots.some(({ seq, segment }) => segment === start.segment && seq > start.seq))
    const proven = new Set(this.#snapshots.flatMap(chainOf))
    return Math.min(Infinity, ...doubles.flatMap((point) => [point.seq, startOf(point).prev === undefined ? point.seq : startOf(point).seq]), ...hangs.filter((start) => !proven.has(start)).map(({ seq }) => seq))
  }

  /** What stands before a point that somebody has; without a fork in sight, all with a smaller number. */
  #hadBy (have: readonly Tip[], skip: readonly Tip[]): (point: Point) => boolean {
    const find = (tips: readonly Tip[]) => tips.flatMap(({ id }) => this.#byId.get(Buffer.from(id).toString('hex')) ?? [])
    const known = find(have)
    const had = new Set([...known.flatMap(pathOf), ...find(skip).flatMap(chainOf)])
    const last = Math.max(0, ...known.map(({ seq }) => seq))
    return (point) => had.has(point) || (point.seq <= last && point.seq < this.#forkSeq)
  }
}

/** A point and those before it on its path. */
function pathOf (point: Point): Point[] {
  const path = [point]
  for (let at = point.previous; at !== undefined; at = at.previous) path.push(at)
  return path
}

/** Of these, those in its segment. */
function chainOf (point: Point): Point[] {
  return pathOf(point).filter(({ segment }) => segment === point.segment)
}

function startOf (point: Point): Point {
  return pathOf(point).at(-1) ?? point
}

/** From the newest to the oldest: the snapshots that are given, and the points that need no file of their own then. */
function chooseSnapshots (wanted: readonly Point[]): { given: ReadonlySet<Point>, spared: ReadonlySet<Point> } {
  const [given, spared, all] = [new Set<Point>(), new Set<Point>(), new Set(wanted)]
  for (const point of wanted.toReversed()) {
    if (point.files.snapshot === undefined || spared.has(point)) continue
    const chain = chainOf(point).filter((each) => all.has(each))
    const isWhole = chain.every(({ files, prev, previous }) => files.envelope !== undefined && (prev === undefined || previous !== undefined))
    if (isWhole && chain.length <= maxInsteadOfSnapshot) continue
    given.add(point)
    for (const each of chain) if (each !== point) spared.add(each)
  }
  return { given, spared }
}
