import type { Tip } from '../../transport.ts'
import { hexOf } from './hex.ts'

/** A run of points without a fork between them, and the point of another branch that it goes on from. */
interface Branch<Point> {
  readonly from: Place<Point> | undefined
  readonly points: Point[]
}

interface Place<Point> { readonly branch: Branch<Point>, readonly index: number }

const maxPoints = 64

/**
 * The envelopes of a feed as a tree: each has its predecessor, and one path leads to each tip. Kept as branches, so that
 * what it takes to compare two nodes grows with the number of forks and not with the length of the feed.
 */
export class PathTree<Point extends Tip> {
  readonly #places = new Map<string, Place<Point>>()
  readonly #branches: Branch<Point>[] = []

  get size (): number { return this.#places.size }

  /** The last point of each path, in order of appearance of the paths. */
  get tips (): readonly Point[] {
    return this.#branches.flatMap(({ points }) => points.at(-1) ?? [])
  }

  /** As `tips`, of what is left when points are passed over, which have nothing after them but such points. */
  tipsBefore (isPassed: (point: Point) => boolean): readonly Point[] {
    const ends = this.#ends.flatMap((end) => {
      let back = 0
      let point = pointAt(end.branch, end.index)
      while (point !== undefined && isPassed(point)) point = pointAt(end.branch, end.index - ++back)
      return point ?? []
    })
    return ends.filter((end, index) => !ends.some((other, at) => (other === end ? at < index : this.leadsTo(end, other))))
  }

  find (id: Uint8Array): Point | undefined {
    const place = this.#places.get(hexOf(id))
    return place?.branch.points[place.index]
  }

  /** Whether a point is on one of the paths. */
  knows ({ seq, id }: Tip): boolean {
    return this.find(id)?.seq === seq
  }

  /**
   * Adds a point after its predecessor, or as a first one. Gives the point that already stood there, if this makes a fork.
   *
   * @throws TypeError when the predecessor is not there, or the point is.
   */
  add (point: Point, prev: Uint8Array | undefined): Point | undefined {
    const from = prev === undefined ? undefined : this.#places.get(hexOf(prev))
    if ((prev !== undefined && from === undefined) || this.find(point.id) !== undefined) throw new TypeError('A point is added once, after its predecessor')
    const grows = from !== undefined && from.index === from.branch.points.length - 1
    const sibling = from === undefined ? this.#branches[0]?.points[0] : from.branch.points[from.index + 1]
    const branch = grows ? from.branch : this.#begin(from)
    branch.points.push(point)
    this.#places.set(hexOf(point.id), { branch, index: branch.points.length - 1 })
    return sibling
  }

  /** Tips first, then older points of each path at distances that double: few, yet one near any fork. */
  get points (): readonly Point[] {
    const ends = this.#ends
    const found = new Set(this.tips)
    for (let distance = 1, reached = true; reached && found.size < maxPoints; distance *= 2) {
      const older = ends.flatMap(({ branch, index }) => pointAt(branch, index - distance) ?? [])
      reached = older.length > 0
      for (const point of older) found.add(point)
    }
    return [...found].slice(0, maxPoints)
  }

  /** The end of the longest path, or the point of that path with this number. */
  longest (seq = Infinity): Point | undefined {
    const longest = this.#ends.reduce<Place<Point> | undefined>((best, end) => best === undefined || seqAt(end) > seqAt(best) ? end : best, undefined)
    return longest === undefined ? undefined : pointAt(longest.branch, longest.index - Math.max(0, seqAt(longest) - seq))
  }

  /** Whether one point is on the path to another, or is that other. */
  leadsTo (point: Tip, other: Tip): boolean {
    const target = this.#places.get(hexOf(point.id))
    let place = this.#places.get(hexOf(other.id))
    while (place !== undefined && place.branch !== target?.branch) place = place.branch.from
    return place !== undefined && target !== undefined && target.index <= place.index
  }

  /** All points but those that lead to one of `have`, each after its predecessor. Points of `have` that are unknown do not count. */
  after (have: readonly Tip[]): Point[] {
    const covered = this.#covered(have)
    return this.#branches.flatMap((branch) => branch.points.slice(covered.get(branch) ?? 0))
  }

  /** How many points `after` would give. */
  countAfter (have: readonly Tip[]): number {
    return [...this.#covered(have).values()].reduce((rest, count) => rest - count, this.size)
  }

  /** How many points of each branch lead to one of `have`. */
  #covered (have: readonly Tip[]): ReadonlyMap<Branch<Point>, number> {
    const covered = new Map<Branch<Point>, number>()
    for (const { id } of have) {
      for (let place = this.#places.get(hexOf(id)); place !== undefined; place = place.branch.from) {
        if ((covered.get(place.branch) ?? 0) > place.index) break
        covered.set(place.branch, place.index + 1)
      }
    }
    return covered
  }

  get #ends (): readonly Place<Point>[] {
    return this.#branches.map((branch) => ({ branch, index: branch.points.length - 1 }))
  }

  #begin (from: Place<Point> | undefined): Branch<Point> {
    const branch = { from, points: [] }
    this.#branches.push(branch)
    return branch
  }
}

/** The point of a branch with this index; below 0, the one that far back on the path that leads to the branch. */
function pointAt<Point> (branch: Branch<Point>, index: number): Point | undefined {
  let at: Branch<Point> | undefined = branch
  while (at !== undefined && index < 0) {
    index += (at.from?.index ?? 0) + 1
    at = at.from?.branch
  }
  return at?.points[index]
}

function seqAt<Point extends Tip> ({ branch, index }: Place<Point>): number {
  return branch.points[index]?.seq ?? 0
}
