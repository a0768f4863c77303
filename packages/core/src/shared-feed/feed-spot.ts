import { hexOf } from '../journal/state/hex.ts'
import type { PeekedItem } from '../snapshot.ts'

/** What may name an item in a shared place. Two keys are one if a `Set` takes them for one. */
export type SpotKey = string | number | bigint | object

/** Where an item lies, and what it says of its place in its feed. Make it with `spotOf`; it keeps none of the item's bytes. */
export interface FeedSpot<Key extends SpotKey = string> {
  /** What the place calls it: a path, the id of an entry. */
  readonly key: Key
  readonly kind: PeekedItem['kind']
  readonly seq: number
  /** Of the envelope, or of the snapshot's proof, in hex. */
  readonly id: string
  /** Id of the envelope before it, in hex; none for the first. */
  readonly prev: string | undefined
  /** Number of its segment. A state counts as one segment. */
  readonly segment: number
  /** Entries of the log up to and with this envelope; 0 in a state. */
  readonly entries: number
}

/**
 * The spot of an item that lies at `key`. It repeats what the item says: check the item first (`openEnvelope`, or
 * `parseSnapshot` and `verified`), or anybody who can write to the place bends the paths of others.
 */
export function spotOf<Key extends SpotKey> (key: Key, { kind, envelope: { id, header } }: PeekedItem): FeedSpot<Key> {
  const { seq, prev } = header
  const { segment, entries } = header.part === 'log' ? header : { segment: 0, entries: 0 }
  return { key, kind, seq, id: hexOf(id), prev: prev === undefined ? undefined : hexOf(prev), segment, entries }
}
