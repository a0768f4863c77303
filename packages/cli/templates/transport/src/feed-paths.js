/** @import { Range, Tip } from '@akshi/core' */

/**
 * What an item says of its place in its feed; ids in hex. A state feed counts as one segment.
 *
 * @typedef {object} Spot
 * @property {string} key where the item lies
 * @property {'envelope' | 'snapshot'} kind
 * @property {number} seq
 * @property {string} id
 * @property {string | undefined} prev id of the envelope before it; none for the first
 * @property {number} segment
 * @property {number} entries of the log, up to and with this envelope
 */

/**
 * An envelope by its id: as an item of its own, as the proof of a snapshot, or both.
 *
 * @typedef {Omit<Spot, 'key' | 'kind'> & { readonly keys: { envelope?: string, snapshot?: string }, readonly previous: Point | undefined }} Point
 */

/** Where so few envelopes are wanted, the snapshot that stands for them would be more to carry. */
const maxInsteadOfSnapshot = 200
/** The most entries that a segment has (docs/protocol.md). */
const maxSegmentEntries = 4_096

/**
 * The paths through one feed, as far as what lies in a shared place tells without a look into snapshots. Rather too many
 * tips are known, and rather too much is given, than too little: what is held back is missing.
 */
export class FeedPaths {
  /** In feed order: by seq, and the sides of a fork by id. @type {readonly Point[]} */
  points
  /** @type {Map<string, Point>} */
  #byId = new Map()
  /** @type {Set<Point>} */
  #whole = new Set()
  /** From here on not all points are known to be on one path. */
  #forkSeq

  /** @param {Iterable<Spot>} spots */
  constructor (spots) {
    for (const { key, kind, seq, id, prev, segment, entries } of [...spots].sort((a, b) => a.seq - b.seq || (a.id < b.id ? -1 : 1))) {
      const point = this.#byId.get(id) ?? { seq, id, prev, segment, entries, keys: {}, previous: this.#byId.get(prev ?? '') }
      this.#byId.set(id, point)
      point.keys[kind] = key
    }
    this.points = [...this.#byId.values()]
    this.#forkSeq = this.#findFork()
    for (const point of [...this.points, ...this.points]) if (this.#isWhole(point)) this.#whole.add(point)      // again: a fork may hang on a snapshot further on
  }

  /**
   * The last point of each path with everything before it: one, unless the feed is forked; none when its beginning is missing.
   *
   * @returns {readonly Tip[]}
   */
  get tips () {
    const passed = new Set([...this.#whole].flatMap((point) => [point.previous, this.#endBefore(point)]))
    const isCovered = (/** @type {Point} */ point) => point.seq < this.#forkSeq && this.#covers(point).length > 0
    return [...this.#whole].filter((point) => !passed.has(point) && !isCovered(point)).map(({ seq, id }) => ({ seq, id: new Uint8Array(Buffer.from(id, 'hex')) }))
  }

  /**
   * Keys of what brings somebody who has the points of a range everything else, in the order in which to give it.
   *
   * @param {Range} range
   * @param {boolean} newestFirst
   */
  select ({ have, skip = [] }, newestFirst) {
    const isHad = this.#hadBy(have, skip)
    const wanted = this.points.filter((point) => !isHad(point))
    const { given, spared } = chooseSnapshots(wanted)
    const keysOf = (/** @type {readonly Point[]} */ points) => points.flatMap((point) => (given.has(point) ? point.keys.snapshot : spared.has(point) ? undefined : point.keys.envelope) ?? [])
    return newestFirst ? [...keysOf([...given]), ...keysOf(wanted.filter((point) => !given.has(point)))] : keysOf(wanted)
  }

  /** @param {Point} point */
  #isWhole (point) {
    const { previous, prev, segment, keys } = point
    if (prev === undefined || (previous !== undefined && this.#whole.has(previous))) return true
    if (keys.snapshot === undefined) return previous === undefined && this.#covers(point).length > 0
    const ends = this.#endsBefore(point)
    return segment === 0 || (ends.length > 0 && ends.every((end) => this.#whole.has(end)))
  }

  /**
   * Other snapshots of its segment that go as far, with everything before them.
   *
   * @param {Point} point
   */
  #covers (point) {
    const { segment, seq } = point
    return this.points.filter((other) => other.keys.snapshot !== undefined && other !== point && other.segment === segment && other.seq >= seq && this.#whole.has(other))
  }

  /**
   * Where the segment before the one of a snapshot may end: in one place, unless the feed is forked or has gaps.
   *
   * @param {Point} snapshot
   */
  #endsBefore ({ segment, entries }) {
    const before = this.points.filter((point) => point.segment === segment - 1)
    const followed = new Set(before.map(({ previous }) => previous))
    return before.filter((point) => !followed.has(point) && entries - point.entries <= maxSegmentEntries)
  }

  /**
   * Where the segment before a snapshot ends, when its `prev` is no item here.
   *
   * @param {Point} point
   */
  #endBefore (point) {
    return point.previous !== undefined || point.keys.snapshot === undefined ? undefined : this.#endsBefore(point).findLast((end) => this.#whole.has(end))
  }

  /** Two envelopes with one number show a fork, and so does one that hangs in the air though a snapshot goes further. */
  #findFork () {
    const snapshots = this.points.filter(({ keys }) => keys.snapshot !== undefined)
    const proven = new Set(snapshots.flatMap(chainOf))
    const doubles = this.points.filter(({ seq }, index) => this.points[index + 1]?.seq === seq || this.points[index - 1]?.seq === seq)
    const hanging = this.points.filter((point) => point.prev !== undefined && point.previous === undefined && !proven.has(point) &&
      snapshots.some(({ seq, segment }) => segment === point.segment && seq > point.seq))
    return Math.min(Infinity, ...doubles.map((point) => Math.min(point.seq, startOf(point).prev === undefined ? Infinity : startOf(point).seq)), ...hanging.map(({ seq }) => seq))
  }

  /**
   * What stands before a point that somebody has; without a fork in sight, all with a smaller number.
   *
   * @param {readonly Tip[]} have
   * @param {readonly Tip[]} skip
   */
  #hadBy (have, skip) {
    const find = (/** @type {readonly Tip[]} */ tips) => tips.flatMap(({ id }) => this.#byId.get(Buffer.from(id).toString('hex')) ?? [])
    const known = find(have)
    const had = new Set([...known.flatMap(pathOf), ...find(skip).flatMap(chainOf)])
    const last = Math.max(0, ...known.map(({ seq }) => seq))
    return (/** @type {Point} */ point) => had.has(point) || (point.seq <= last && point.seq < this.#forkSeq)
  }
}

/**
 * A point and those before it on its path.
 *
 * @param {Point} point
 */
function pathOf (point) {
  const path = [point]
  for (let at = point.previous; at !== undefined; at = at.previous) path.push(at)
  return path
}

/**
 * Of these, those in its segment.
 *
 * @param {Point} point
 */
function chainOf (point) {
  const chain = [point]
  for (let at = point.previous; at?.segment === point.segment; at = at.previous) chain.push(at)
  return chain
}

/** @param {Point} point */
function startOf (point) {
  return pathOf(point).at(-1) ?? point
}

/**
 * From the newest to the oldest: the snapshots that are given, and the points that need no item of their own then.
 *
 * @param {readonly Point[]} wanted
 */
function chooseSnapshots (wanted) {
  const [given, spared, all] = [new Set(), new Set(), new Set(wanted)]
  for (const point of wanted.toReversed()) {
    if (point.keys.snapshot === undefined || spared.has(point)) continue
    const chain = chainOf(point).filter((each) => all.has(each))
    const isWhole = chain.every(({ keys, prev, previous }) => keys.envelope !== undefined && (prev === undefined || previous !== undefined))
    if (isWhole && chain.length <= maxInsteadOfSnapshot) continue
    given.add(point)
    for (const each of chain) if (each !== point) spared.add(each)
  }
  return { given, spared }
}
