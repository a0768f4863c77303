import type { FeedSpot, SpotKey } from './feed-spot.ts'

/** An envelope of the feed by its id: as an item of its own, as the proof of a snapshot, or both. */
export interface FeedPoint<Key extends SpotKey> extends Omit<FeedSpot<Key>, 'key' | 'kind'> {
  /** Where it lies as which. */
  readonly keys: { readonly envelope: Key | undefined, readonly snapshot: Key | undefined }
  /** The point that `prev` names, if it is there. */
  readonly previous: FeedPoint<Key> | undefined
  /** The points that name this one in `prev`. */
  readonly heirs: ReadonlyArray<FeedPoint<Key>>
  /** Where the chain of `previous` begins. */
  readonly start: FeedPoint<Key>
}

/** The points that spots make, by id and in feed order: by seq, and the sides of a fork by id. */
export function linkPoints<Key extends SpotKey> (spots: Iterable<FeedSpot<Key>>): ReadonlyMap<string, FeedPoint<Key>> {
  const points = new Map<string, Draft<Key>>()
  for (const spot of [...spots].sort((a, b) => a.seq - b.seq || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))) {
    const point = points.get(spot.id) ?? new Draft(spot, spot.prev === undefined ? undefined : points.get(spot.prev))
    points.set(spot.id, point)
    point.keys[spot.kind] = spot.key
  }
  return points
}

/** The points of the chain of `previous` that ends here, the newest first, as far as it is in the same segment. */
export function * chainInSegment<Key extends SpotKey> (last: FeedPoint<Key>): Generator<FeedPoint<Key>, void, undefined> {
  for (let point: FeedPoint<Key> | undefined = last; point?.segment === last.segment; point = point.previous) yield point
}

class Draft<Key extends SpotKey> implements FeedPoint<Key> {
  readonly seq: number
  readonly id: string
  readonly prev: string | undefined
  readonly segment: number
  readonly entries: number
  readonly keys: { envelope: Key | undefined, snapshot: Key | undefined } = { envelope: undefined, snapshot: undefined }
  readonly previous: Draft<Key> | undefined
  readonly heirs: Array<Draft<Key>> = []
  readonly start: Draft<Key>

  constructor ({ seq, id, prev, segment, entries }: FeedSpot<Key>, previous: Draft<Key> | undefined) {
    this.seq = seq
    this.id = id
    this.prev = prev
    this.segment = segment
    this.entries = entries
    this.previous = previous?.seq === seq - 1 ? previous : undefined
    this.start = this.previous?.start ?? this
    this.previous?.heirs.push(this)
  }
}
