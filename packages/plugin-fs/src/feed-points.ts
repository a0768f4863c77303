/** What a good file says of its place in the feed; ids in hex. A state feed counts as one segment with no entries. */
export interface Place {
  readonly name: string
  readonly kind: 'envelope' | 'snapshot'
  readonly seq: number
  readonly id: string
  /** Id of the envelope before it; none for the first. */
  readonly prev: string | undefined
  readonly segment: number
  readonly entries: number
}

/** An envelope of the feed by its id: as a file of its own, as the proof of a snapshot, or both. */
export interface Point extends Omit<Place, 'name' | 'kind'> {
  readonly files: { readonly envelope: string | undefined, readonly snapshot: string | undefined }
  /** The point that `prev` names, if it is there. */
  readonly previous: Point | undefined
  /** The points that name this one in `prev`. */
  readonly heirs: readonly Point[]
  /** Where the chain of `previous` begins. */
  readonly start: Point
}

/** The points that places make, by id and in feed order. */
export function linkPoints (places: Iterable<Place>): ReadonlyMap<string, Point> {
  const points = new Map<string, Draft>()
  for (const place of [...places].sort((a, b) => a.seq - b.seq || (a.id < b.id ? -1 : 1))) {
    const point = points.get(place.id) ?? new Draft(place, place.prev === undefined ? undefined : points.get(place.prev))
    points.set(place.id, point)
    point.files[place.kind] = place.name
  }
  return points
}

class Draft implements Point {
  readonly seq: number
  readonly id: string
  readonly prev: string | undefined
  readonly segment: number
  readonly entries: number
  readonly files: { envelope: string | undefined, snapshot: string | undefined } = { envelope: undefined, snapshot: undefined }
  readonly previous: Draft | undefined
  readonly heirs: Draft[] = []
  readonly start: Draft

  constructor ({ seq, id, prev, segment, entries }: Place, previous: Draft | undefined) {
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

/** The point before in the same segment. */
export function previousInSegment ({ previous, segment }: Point): Point | undefined {
  return previous?.segment === segment ? previous : undefined
}
