import { createHash } from 'node:crypto'
import { peekItem, type JournalHeader, type PeekedItem } from '@akshi/core'
import { badRequest } from './request-error.ts'

const signatureBytes = 64

/** An envelope or snapshot as JSON shows it: the fields people ask for, and the whole of it in `payload`. */
export interface ItemView {
  /** A snapshot stands for the envelopes of its segment; what is said of it is said of the last of them, its proof. */
  readonly kind: PeekedItem['kind']
  readonly seq: number
  readonly agent: string
  readonly part: 'log' | 'state'
  readonly origin: string
  /** Of a log only. */
  readonly segment?: number
  /** Of a log only: how many there are up to here, in all segments. */
  readonly entries?: number
  readonly payload_hash: string
  readonly timestamp: string
  readonly signature: string
  readonly payload: string
}

/** The view of an item that this node has verified before. Throws `MESH_ENVELOPE_INVALID` for bytes that are none. */
export function viewItem (bytes: Uint8Array, meshId: string): ItemView {
  const { kind, envelope } = peekItem(bytes, meshId)
  const { header, origin } = envelope
  return {
    kind,
    seq: header.seq,
    agent: header.journal,
    part: header.part,
    origin,
    ...placeInLog(header),
    payload_hash: `sha256:${createHash('sha256').update(envelope.payload).digest('hex')}`,
    timestamp: new Date(header.at).toISOString(),
    signature: `ed25519:${Buffer.from(envelope.bytes.subarray(-signatureBytes)).toString('base64')}`,
    payload: Buffer.from(bytes).toString('base64')
  }
}

/** What a JSON push says. */
export interface JsonPush {
  readonly peerId: string | undefined
  readonly batch: readonly Uint8Array[]
}

/**
 * Reads `{"peer_id", "envelopes": [{"payload": base64 of the whole envelope or snapshot}]}`; other keys are ignored,
 * since the payload says it all.
 *
 * @throws RequestError 400.
 */
export function readJsonPush (body: Buffer): JsonPush {
  const { peer_id: peerId, envelopes } = parseObject(body)
  if (peerId !== undefined && typeof peerId !== 'string') throw badRequest('"peer_id" is not a string.')
  if (!Array.isArray(envelopes)) throw badRequest('"envelopes" is not a list.')
  return { peerId, batch: envelopes.map(readPayload) }
}

function placeInLog (header: JournalHeader): Pick<ItemView, 'segment' | 'entries'> {
  return header.part === 'log' ? { segment: header.segment, entries: header.entries } : {}
}

function parseObject (body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString())
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (cause) {
    throw badRequest('The body is not JSON.', cause)
  }
  throw badRequest('The body is not a JSON object.')
}

function readPayload (item: unknown, index: number): Uint8Array {
  const payload = (item as { payload?: unknown } | null)?.payload
  if (typeof payload !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(payload)) {
    throw badRequest(`envelopes[${index}].payload is not the base64 of an envelope or a snapshot.`)
  }
  return new Uint8Array(Buffer.from(payload, 'base64'))
}
