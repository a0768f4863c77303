import { verify } from 'node:crypto'
import { isDid, keyObjectFromDid, MeshError, type Did, type Identity } from '@akshi/core'
import { decode, encode, rfc8949EncodeOptions } from 'cborg'

/**
 * What the DHT keeps of a node, under `/akshi/<did>`: CBOR `[payload, signature]`, payload `[version, did, seq, issuedAt, expiresAt, content]`.
 * The node key signs it, so that nodes of other meshes can check what they store; the content is for members alone.
 */
export interface DhtRecord {
  readonly did: Did
  /** Rises with each record of a node: the highest counts. */
  readonly seq: number
  /** Milliseconds since the Unix epoch. */
  readonly issuedAt: number
  readonly expiresAt: number
  /** An announcement, sealed when the mesh has a secret. Empty: the node has left. */
  readonly content: Uint8Array
}

/** A record whose signature was checked, with its bytes. */
export interface SignedRecord {
  readonly record: DhtRecord
  readonly bytes: Uint8Array
}

export const maxRecordBytes = 4_096
const version = 1
const domain = Buffer.from('akshi-dht-record/v1\0')
/** A clock that is ahead by so much is still believed. */
const skewMs = 120_000
/** So that nobody's record stays for longer than a node is away. */
const maxLifeMs = 2 * 3_600_000
const strict = { strict: true, useMaps: true, allowIndefinite: false, allowUndefined: false, rejectDuplicateMapKeys: true } as const

/** Signs a record of this node. Throws `MESH_ENVELOPE_INVALID` when it would be larger than others take. */
export function signRecord (identity: Identity, { seq, issuedAt, expiresAt, content }: Omit<DhtRecord, 'did'>): SignedRecord {
  const { did } = identity
  const payload = encode([version, did, seq, issuedAt, expiresAt, content], rfc8949EncodeOptions)
  const bytes = encode([payload, identity.sign(Buffer.concat([domain, payload]))], rfc8949EncodeOptions)
  if (bytes.length > maxRecordBytes) throw invalid(`it would have ${bytes.length} bytes, of ${maxRecordBytes}: publish fewer agents and capabilities`)
  return { record: { did, seq, issuedAt, expiresAt, content }, bytes }
}

/**
 * A record from anybody's bytes: its form, times and signature checked, the cheap first.
 *
 * @param did whose it must be
 * @param isNews asked before the signature is checked, for what is older than what is known
 * @throws MeshError `MESH_ENVELOPE_INVALID`.
 */
export function openRecord (bytes: Uint8Array, did: string, now: number, isNews: (record: DhtRecord) => boolean = () => true): SignedRecord {
  const { record, payload, signature } = parse(bytes)
  if (record.did !== did) throw invalid('it is of another node')
  if (record.expiresAt <= now) throw invalid('it has expired')
  if (record.issuedAt > now + skewMs || record.expiresAt - record.issuedAt > maxLifeMs) throw invalid('its times make no sense')
  if (!isNews(record)) throw invalid('there is a newer one')
  if (!verify(null, Buffer.concat([domain, payload]), keyObjectFromDid(record.did), signature)) throw invalid('its signature is not by that node')
  return { record, bytes }
}

/** The fields of a record that was checked before. */
export function readRecord (bytes: Uint8Array): DhtRecord {
  return parse(bytes).record
}

function parse (bytes: Uint8Array): { readonly record: DhtRecord, readonly payload: Uint8Array, readonly signature: Uint8Array } {
  if (bytes.length > maxRecordBytes) throw invalid(`it has ${bytes.length} bytes, of ${maxRecordBytes}`)
  const [payload, signature, ...more] = list(bytes)
  if (!(payload instanceof Uint8Array) || !(signature instanceof Uint8Array) || signature.length !== 64 || more.length > 0) throw invalid('it is no payload with a signature')
  const [itsVersion, did, seq, issuedAt, expiresAt, content, ...rest] = list(payload)
  const isRecord = itsVersion === version && typeof did === 'string' && isDid(did) && [seq, issuedAt, expiresAt].every(isTime) && content instanceof Uint8Array && rest.length === 0
  if (!isRecord) throw invalid('its payload is none that this version knows')
  return { record: { did, seq: seq as number, issuedAt: issuedAt as number, expiresAt: expiresAt as number, content }, payload, signature }
}

function list (bytes: Uint8Array): readonly unknown[] {
  try {
    const value: unknown = decode(bytes, strict)
    if (Array.isArray(value)) return value
  } catch (cause) {
    throw invalid('it is not strict CBOR', cause)
  }
  throw invalid('it is no list')
}

function isTime (value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function invalid (reason: string, cause?: unknown): MeshError {
  return new MeshError('MESH_ENVELOPE_INVALID', `A record of the DHT cannot be used: ${reason}.`, { cause })
}
