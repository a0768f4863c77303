/**
 * Why an envelope is in a state feed's file: its origin was `admitted`, somebody admitted built on it (`vouched`), or it
 * is the proof that two lives of its origin wrote as one actor (`twin`); a twin is no part of the feed.
 */
export type RecordKind = 'admitted' | 'vouched' | 'twin'

/** The envelope in a record, unparsed, and why it is there. */
export interface StateRecord {
  readonly kind: RecordKind
  readonly envelope: Uint8Array
}

const kinds: readonly RecordKind[] = ['admitted', 'vouched', 'twin']

/** A record of a `.state` file: one byte for the kind (0, 1, 2), then the envelope as it was signed. */
export function encodeStateRecord ({ kind, envelope }: StateRecord): Uint8Array {
  return Buffer.concat([Uint8Array.of(kinds.indexOf(kind)), envelope])
}

/** `undefined` for a kind that is not known. */
export function decodeStateRecord (record: Uint8Array): StateRecord | undefined {
  const kind = kinds[record[0] ?? kinds.length]
  return kind === undefined ? undefined : { kind, envelope: record.subarray(1) }
}
