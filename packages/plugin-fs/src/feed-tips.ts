import type { Tip } from '@akshi/core'

/** Where an envelope stands in its feed: ids in hex. */
export interface Place {
  readonly seq: number
  readonly id: string
  /** Id of the envelope before it; none for the first. */
  readonly prev: string | undefined
}

/**
 * The last envelope of each path that is whole from seq 1 on: one tip, unless the feed is forked; none when the first
 * envelope is missing. What lies behind a gap does not count. In order of seq, then id.
 */
export function findTips (places: Iterable<Place>): Tip[] {
  const reached = new Map<string, Place>()
  const leaves = new Map<string, Place>()
  for (const place of [...places].sort(comparePlaces)) {
    if (place.prev !== undefined && reached.get(place.prev)?.seq !== place.seq - 1) continue
    reached.set(place.id, place)
    leaves.set(place.id, place)
    leaves.delete(place.prev ?? '')
  }
  return [...leaves.values()].map(({ seq, id }) => ({ seq, id: new Uint8Array(Buffer.from(id, 'hex')) }))
}

/** Feed order: by seq, and the sides of a fork by id. */
export function comparePlaces (a: Place, b: Place): number {
  return a.seq - b.seq || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}
