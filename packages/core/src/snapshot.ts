import { inflateRaw } from 'node:zlib'
import { maxSegmentBytes } from './automerge/segment-limits.ts'
import { CborReader, encodeCbor } from './cbor.ts'
import { isMessageItem, messageItemEnd } from './messages/message-item.ts'
import { envelopeEnd, maxEnvelopeBytes, maxRequestBytes, parseEnvelope, type JournalEnvelope, type LogEnvelope } from './envelope.ts'

/** The largest item, envelope or snapshot, in bytes: it fits into a request with room to spare. */
export const maxItemBytes = maxRequestBytes - (64 << 10)

/**
 * A segment document up to one of its envelopes, the proof. Change hashes chain and a segment has one head, so the head
 * that the proof signs stands for every entry: no trust in who carries a snapshot is needed.
 */
export interface Snapshot {
  readonly proof: LogEnvelope
  /** Length of the document, in bytes. */
  readonly inflatedBytes: number
  /** The document's Automerge document chunk without compressed columns, deflated as a whole (RFC 1951). */
  readonly deflated: Uint8Array
}

/** What travels: an envelope, or a snapshot that stands for all envelopes of its segment up to its proof. */
export interface PeekedItem {
  readonly kind: 'envelope' | 'snapshot'
  /** The envelope, or the proof. */
  readonly envelope: JournalEnvelope
}

const snapshotStart = Uint8Array.of(0xda, 0x61, 0x6b, 0x73, 0x68, 0x83)     // tag "aksh", list of three
const read = new CborReader('MESH_ENVELOPE_INVALID', 'The snapshot')

/** Throws `MESH_ENVELOPE_INVALID` when it would be larger than `maxItemBytes`. */
export function encodeSnapshot ({ proof, inflatedBytes, deflated }: Snapshot): Uint8Array {
  const bytes = Buffer.concat([snapshotStart, encodeCbor(proof.bytes), encodeCbor(inflatedBytes), encodeCbor(deflated)])
  if (bytes.length > maxItemBytes) throw read.fail(`it has ${bytes.length} bytes, more than ${maxItemBytes}`)
  return bytes
}

/** True for bytes that begin as a snapshot does; all others are taken for envelopes. */
export function isSnapshot (bytes: Uint8Array): boolean {
  return snapshotStart.every((byte, index) => bytes[index] === byte)
}

/**
 * Takes a snapshot apart, if it is one: ask `isSnapshot` first. Its proof is canonical, but neither its signature nor the document is checked; nothing is unfolded.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID`.
 */
export function parseSnapshot (bytes: Uint8Array, meshId: string): Snapshot & { readonly verified: () => boolean } {
  if (bytes.length > maxItemBytes) throw read.fail(`it has ${bytes.length} bytes, more than ${maxItemBytes}`)
  const { parts: [proofBytes, deflated], inflatedBytes, end } = cut(bytes, 0)
  if (end !== bytes.length) throw read.fail(`${bytes.length - end} bytes follow it`)
  if (inflatedBytes > maxSegmentBytes) throw read.fail(`its document has ${inflatedBytes} bytes, more than ${maxSegmentBytes}`)
  const { envelope, verified } = parseEnvelope(proofBytes, meshId)
  if (!isLogEnvelope(envelope)) throw read.fail('its proof is not an envelope of a log')
  return { proof: envelope, inflatedBytes, deflated, verified }
}

/** The document of a snapshot. Rejects with `MESH_ENVELOPE_INVALID` when it does not unfold to exactly the stated length. */
export function inflateDocument ({ inflatedBytes, deflated }: Pick<Snapshot, 'inflatedBytes' | 'deflated'>): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    inflateRaw(deflated, { maxOutputLength: inflatedBytes }, (error, document) => {
      if (error !== null) reject(read.fail('its document cannot be inflated to the stated length', error))
      else if (document.length !== inflatedBytes) reject(read.fail('its document does not have the stated length'))
      else resolve(document)
    })
  })
}

/**
 * Splits a CBOR sequence (RFC 8742) of items without decoding them; the parts share memory with `bytes`.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID` where something does not have the shape of an item.
 */
export function splitItems (bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let start = 0; start < bytes.length;) {
    const first = bytes.subarray(start, start + snapshotStart.length)
    const end = isSnapshot(first) ? cut(bytes, start).end : isMessageItem(first) ? messageItemEnd(bytes, start) : envelopeEnd(bytes, start)
    parts.push(bytes.subarray(start, end))
    start = end
  }
  return parts
}

/**
 * What an item is and says, unverified: to sort, to name files, to show. Trust nothing in it.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID`, also for what belongs to no feed.
 */
export function peekItem (bytes: Uint8Array, meshId: string): PeekedItem {
  if (isSnapshot(bytes)) return { kind: 'snapshot', envelope: parseSnapshot(bytes, meshId).proof }
  const { envelope } = parseEnvelope(bytes, meshId)
  if (envelope.header.kind !== 'journal') throw read.fail('it belongs to no feed')
  return { kind: 'envelope', envelope: envelope as JournalEnvelope }
}

/** True for an envelope of a log. */
export function isLogEnvelope (envelope: ReturnType<typeof parseEnvelope>['envelope']): envelope is LogEnvelope {
  return envelope.header.kind === 'journal' && envelope.header.part === 'log'
}

/** Finds the parts of the snapshot that starts at `start`, whose shape never varies. */
function cut (bytes: Uint8Array, start: number): { parts: [Uint8Array, Uint8Array], inflatedBytes: number, end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = start + snapshotStart.length
  const head = (major: number, most: number): number => {
    const initial = bytes[at++] ?? 0xff
    const size = { 24: 1, 25: 2, 26: 4 }[initial & 0x1f] ?? 0
    if (initial >> 5 !== major || ((initial & 0x1f) > 23 && size === 0) || at + size > bytes.length) throw read.fail('it is cut short or does not have the shape of one')
    const value = [initial & 0x1f, view.getUint8, view.getUint16, 0, view.getUint32][size]
    const length = typeof value === 'function' ? value.call(view, at) : value ?? 0
    const least = [0, 24, 0x100, 0, 0x10000][size] ?? 0
    if (length < least || length > most) throw read.fail('a length in it is too large, or longer than needed')
    at += size
    return length
  }
  const string = (most: number): Uint8Array => {
    const length = head(2, most)
    if (at + length > bytes.length) throw read.fail('it is cut short')
    at += length
    return bytes.subarray(at - length, at)
  }
  const proof = string(maxEnvelopeBytes)
  const inflatedBytes = head(0, 2 ** 32)
  return { parts: [proof, string(maxItemBytes)], inflatedBytes, end: at }
}
