import { hash, verify } from 'node:crypto'
import { CborReader } from './cbor.ts'
import { didFromPublicKey, keyObjectFromDid, type Did } from './did.ts'
import { decodeProtected, encodeProtected } from './envelope-header.ts'
import type { Identity } from './identity.ts'

/** The largest envelope that is sent or taken, in bytes. */
export const maxEnvelopeBytes = 1 << 20
/** The largest request body on a mesh route, in bytes. */
export const maxRequestBytes = 8 << 20

interface FeedHeader {
  readonly kind: 'journal'
  readonly journal: string
  /** Number within the path of the feed, from 1. */
  readonly seq: number
  /** Id of the previous envelope of the path; none for the first. */
  readonly prev: Uint8Array | undefined
  /** The Automerge actor that made the change, 16 bytes. */
  readonly actor: Uint8Array
  /** Automerge heads after the change, 32 bytes each. Of a log, the one head of its segment document: it proves all of it. */
  readonly heads: readonly Uint8Array[]
  /** The origin's clock, milliseconds since the Unix epoch. Informative: nothing is accepted or refused for it. */
  readonly at: number
}

/** What the header of an envelope of a log says; all of it is signed. */
export interface LogHeader extends FeedHeader {
  readonly part: 'log'
  /** Number of the segment document that the change belongs to, from 0. */
  readonly segment: number
  /** Entries of the path after this envelope, in all segments: with it a segment has its place without those before it. */
  readonly entries: number
}

/** What the header of an envelope of a state document says; all of it is signed. */
export interface StateHeader extends FeedHeader {
  readonly part: 'state'
}

export type JournalHeader = LogHeader | StateHeader

/** What the header of an announcement envelope says; the rest is in the payload. */
export interface AnnouncementHeader {
  readonly kind: 'announcement'
  readonly seq: number
  readonly at: number
}

/** What the header of a message between nodes says. Its payload is sealed: who carries it reads no more than this. */
export interface MessageHeader {
  readonly kind: 'a2a'
  /** Who can open it. */
  readonly to: Did
  /** The origin's clock, milliseconds since the Unix epoch. */
  readonly at: number
  /** From then on nobody carries or takes it, milliseconds since the Unix epoch. */
  readonly expiresAt: number
}

export type EnvelopeHeader = JournalHeader | AnnouncementHeader | MessageHeader

/** A signed envelope. Keep and forward `bytes` as they are; never encode one again. */
export interface Envelope<Header extends EnvelopeHeader = EnvelopeHeader> {
  /** Who signed it. */
  readonly origin: Did
  readonly header: Header
  readonly payload: Uint8Array
  readonly bytes: Uint8Array
  /** SHA-256 of the Sig_structure: names the content, whatever the signature's bytes. */
  readonly id: Uint8Array
}

/** An envelope of a feed. */
export type JournalEnvelope = Envelope<JournalHeader>
export type LogEnvelope = Envelope<LogHeader>
export type StateEnvelope = Envelope<StateHeader>
export type MessageEnvelope = Envelope<MessageHeader>

const tag18 = 0xd2
const frameStart = Uint8Array.of(tag18, 0x84)
const noHeader = Uint8Array.of(0xa0)
/** A list of four, of which the first is a text. */
const signature1 = Buffer.concat([Uint8Array.of(0x84, 0x6a), Buffer.from('Signature1')])
const read = new CborReader('MESH_ENVELOPE_INVALID', 'The envelope')

/**
 * Signs a header and payload into a COSE_Sign1 envelope (RFC 9052, tagged) for one mesh. docs/protocol.md has every byte.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID` when it would be larger than `maxEnvelopeBytes`.
 */
export function sealEnvelope<Header extends EnvelopeHeader> (identity: Identity, meshId: string, header: Header, payload: Uint8Array): Envelope<Header> {
  const protectedHeader = encodeProtected({ kid: identity.publicKey, header })
  const toBeSigned = sigStructure(protectedHeader, meshId, payload)
  const bytes = frame(protectedHeader, payload, identity.sign(toBeSigned))
  if (bytes.length > maxEnvelopeBytes) throw read.fail(`it has ${bytes.length} bytes, more than ${maxEnvelopeBytes}`)
  return { origin: identity.did, header, payload, bytes, id: sha256(toBeSigned) }
}

/**
 * Checks everything that can be checked of an envelope by itself: size, canonical encoding, header, and the signature
 * for this mesh. Whether its origin is trusted and where it belongs is the receiver's business.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID` with the reason.
 */
export function openEnvelope (bytes: Uint8Array, meshId: string): Envelope {
  const { envelope, verified } = parseEnvelope(bytes, meshId)
  if (!verified()) throw read.fail('the signature does not fit (altered, or signed for another mesh)')
  return envelope
}

/**
 * As `openEnvelope` without checking the signature: for bytes that were verified before, and to sort what nobody has
 * verified yet. Trust nothing in it.
 */
export function peekEnvelope (bytes: Uint8Array, meshId: string): Envelope {
  return parseEnvelope(bytes, meshId).envelope
}

/**
 * Where the envelope that starts at `start` ends; decodes nothing.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID` where the bytes do not have the shape of an envelope.
 */
export function envelopeEnd (bytes: Uint8Array, start: number): number {
  return cut(bytes, start).end
}

/** The payload of an envelope that was opened before; as `peekEnvelope`, reading no more than needed for it. */
export function payloadOf (bytes: Uint8Array): Uint8Array {
  return cut(bytes, 0).payload
}

/** As `peekEnvelope`, with the check of the signature for whoever still needs it. */
export function parseEnvelope (bytes: Uint8Array, meshId: string): { envelope: Envelope, verified: () => boolean } {
  if (bytes.length > maxEnvelopeBytes) throw read.fail(`it has ${bytes.length} bytes, more than ${maxEnvelopeBytes}`)
  const { protectedHeader, payload, signature, end } = cut(bytes, 0)
  if (end !== bytes.length) throw read.fail(`${bytes.length - end} bytes follow it`)
  if (signature.length !== 64) throw read.fail('the signature does not have 64 bytes')
  const { kid, header } = decodeProtected(protectedHeader)
  const origin = didFromKid(kid)
  const toBeSigned = sigStructure(protectedHeader, meshId, payload)
  return {
    envelope: { origin, header, payload, bytes, id: sha256(toBeSigned) },
    verified: () => verify(null, toBeSigned, keyObjectFromDid(origin), signature)
  }
}

function didFromKid (kid: Uint8Array): Did {
  try {
    return didFromPublicKey(kid)
  } catch (cause) {
    throw read.fail('its kid is not a usable key', cause)
  }
}

/** COSE Sig_structure (RFC 9052, section 4.4). The mesh id is part of what is signed, so nothing replays into another mesh. */
function sigStructure (protectedHeader: Uint8Array, meshId: string, payload: Uint8Array): Uint8Array {
  const externalAad = Buffer.from(`akshi-mesh/envelope/v1\0${meshId}`)
  return Buffer.concat([signature1, startOf(protectedHeader), protectedHeader, startOf(externalAad), externalAad, startOf(payload), payload])
}

/** Tag 18, then [protected, {}, payload, signature]: nothing may stand in the unprotected header. */
function frame (protectedHeader: Uint8Array, payload: Uint8Array, signature: Uint8Array): Uint8Array {
  return Buffer.concat([frameStart, startOf(protectedHeader), protectedHeader, noHeader, startOf(payload), payload, startOf(signature), signature])
}

/** What stands before a byte string in CBOR. */
function startOf ({ length }: Uint8Array): Uint8Array {
  if (length < 24) return Uint8Array.of(0x40 + length)
  if (length < 0x100) return Uint8Array.of(0x58, length)
  if (length < 0x10000) return Uint8Array.of(0x59, length >> 8, length & 0xff)
  return Uint8Array.of(0x5a, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff)
}

/** Finds the parts of the envelope that starts at `start`, whose shape never varies. */
function cut (bytes: Uint8Array, start: number): { protectedHeader: Uint8Array, payload: Uint8Array, signature: Uint8Array, end: number } {
  let at = start
  const literal = (...expected: number[]) => {
    for (const value of expected) if (bytes[at++] !== value) throw read.fail('it is cut short or is not a tagged COSE_Sign1 with an empty unprotected header')
  }
  const string = () => {
    const initial = bytes[at++] ?? 0
    const size = { 0x58: 1, 0x59: 2, 0x5a: 4 }[initial] ?? 0
    let length = initial >= 0x40 && initial < 0x58 ? initial - 0x40 : 0
    if (size === 0 && (initial < 0x40 || initial > 0x57)) throw read.fail('a part is not a byte string')
    for (let i = 0; i < size; i++) length = length * 256 + (bytes[at++] ?? 0)
    if (size > 0 && length < (size === 1 ? 24 : 2 ** (size * 4))) throw read.fail('it is not in canonical form')
    if (at + length > bytes.length) throw read.fail('it is cut short')
    at += length
    return bytes.subarray(at - length, at)
  }
  literal(tag18, 0x84)
  const protectedHeader = string()
  literal(0xa0)
  const payload = string()
  const signature = string()
  return { protectedHeader, payload, signature, end: at }
}

function sha256 (bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer'))
}
