import { isSnapshot, parseSnapshot } from '../snapshot.ts'
import { peekEnvelope } from '../envelope.ts'
import type { Arrival } from './feed.ts'

/** What an item waits for: that its origin is trusted here, or what is before it. */
export type Why = 'trust' | 'before'

/** A line in the story of a parking lot. */
export type ParkingRecord =
  | { readonly kind: 'item', readonly why: Why, readonly bytes: Uint8Array }
  | { readonly kind: 'waits', readonly why: Why, readonly id: Uint8Array }
  | { readonly kind: 'gone', readonly ids: readonly Uint8Array[] }

const idLength = 32
const reasons: readonly Why[] = ['trust', 'before']
const kinds = ['item', 'waits', 'gone'] as const

/** One byte for the kind (item 0 or 1, waits 2 or 3, by what it waits for: trust, before; gone 4), then the item or ids. */
export function encodeParkingRecord (record: ParkingRecord): Uint8Array {
  const code = 2 * kinds.indexOf(record.kind) + (record.kind === 'gone' ? 0 : reasons.indexOf(record.why))
  const rest = record.kind === 'item' ? [record.bytes] : record.kind === 'waits' ? [record.id] : record.ids
  return Buffer.concat([Uint8Array.of(code), ...rest])
}

/** `undefined` for a kind that is not known. */
export function decodeParkingRecord (record: Uint8Array): ParkingRecord | undefined {
  const code = record[0] ?? Infinity
  const kind = kinds[code >> 1]
  const why = reasons[code & 1] ?? 'trust'
  const rest = record.subarray(1)
  if (kind === undefined) return undefined
  if (kind === 'item') return { kind, why, bytes: rest }
  if (kind === 'waits') return { kind, why, id: rest }
  return { kind, ids: Array.from({ length: Math.floor(rest.length / idLength) }, (_, index) => rest.subarray(index * idLength, (index + 1) * idLength)) }
}

/** An item as it came in; its signature was checked then. Throws `MESH_ENVELOPE_INVALID`. */
export function recallArrival (bytes: Uint8Array, meshId: string): Arrival {
  if (isSnapshot(bytes)) {
    const { proof, inflatedBytes, deflated } = parseSnapshot(bytes, meshId)
    return { kind: 'snapshot', snapshot: { proof, inflatedBytes, deflated }, bytes }
  }
  const envelope = peekEnvelope(bytes, meshId)
  const { header } = envelope
  if (header.kind !== 'journal') throw new TypeError('What belongs to no feed is not parked')
  return { kind: 'envelope', envelope: { ...envelope, header } }
}
