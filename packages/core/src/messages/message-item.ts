import { CborReader } from '../cbor.ts'
import { envelopeEnd, maxEnvelopeBytes, parseEnvelope, type Envelope, type MessageEnvelope } from '../envelope.ts'

/** A message on its way, and how many nodes may still pass it on: that is the carriers' word, and not signed. */
export interface MessageItem {
  readonly hops: number
  /** The whole envelope. */
  readonly bytes: Uint8Array
}

/** Carriers that a message passes at most between its origin and its recipient. */
export const maxHops = 3

const itemStart = Uint8Array.of(0xda, 0x61, 0x6b, 0x6d, 0x73, 0x82)     // tag "akms", list of two
const read = new CborReader('MESH_ENVELOPE_INVALID', 'The message')

/** A message as it travels: CBOR, tag 0x616b6d73, [hops, the envelope as it stands]. */
export function encodeMessageItem ({ hops, bytes }: MessageItem): Uint8Array {
  return Buffer.concat([itemStart, Uint8Array.of(hops), bytes])
}

/** True for bytes that begin as a message on its way does. */
export function isMessageItem (bytes: Uint8Array): boolean {
  return itemStart.every((byte, index) => bytes[index] === byte)
}

/** Where the message that starts at `start` ends. Throws `MESH_ENVELOPE_INVALID` for another shape. */
export function messageItemEnd (bytes: Uint8Array, start: number): number {
  return envelopeEnd(bytes, start + itemStart.length + 1)
}

/**
 * Takes a message apart: ask `isMessageItem` first. Its signature is checked by `verified` only.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID`.
 */
export function parseMessageItem (bytes: Uint8Array, meshId: string): { readonly hops: number, readonly envelope: MessageEnvelope, readonly verified: () => boolean } {
  const hops = bytes[itemStart.length] ?? 0xff
  if (hops > maxHops) throw read.fail(`it may be passed on ${hops} times, and ${maxHops} are the most`)
  if (bytes.length > maxEnvelopeBytes + itemStart.length + 1) throw read.fail('it is too large')
  const { envelope, verified } = parseEnvelope(bytes.subarray(itemStart.length + 1), meshId)
  if (!isMessage(envelope)) throw read.fail('it is no message')
  return { hops, envelope, verified }
}

/** True for a message between nodes. */
export function isMessage (envelope: Envelope): envelope is MessageEnvelope {
  return envelope.header.kind === 'a2a'
}
