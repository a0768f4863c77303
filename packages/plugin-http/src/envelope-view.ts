import { createHash } from 'node:crypto'
import { peekEnvelope } from '@akshi/core'
import { badRequest } from './request-error.ts'

const signatureBytes = 64

/** An envelope as JSON shows it: the fields people ask for, and the whole of it in `payload`. */
export interface EnvelopeView {
  readonly seq: number
  readonly agent: string
  readonly part: 'log' | 'state'
  readonly origin: string
  readonly payload_hash: string
  readonly timestamp: string
  readonly signature: string
  readonly payload: string
}

/** The view of an envelope that this node has verified before. Throws `MESH_ENVELOPE_INVALID` for bytes that are none. */
export function viewEnvelope (bytes: Uint8Array, meshId: string): EnvelopeView {
  const { header, origin, payload } = peekEnvelope(bytes, meshId)
  if (header.kind !== 'journal') throw new TypeError(`An envelope of kind ${header.kind} is in no feed`)
  return {
    seq: header.seq,
    agent: header.journal,
    part: header.part,
    origin,
    payload_hash: `sha256:${createHash('sha256').update(payload).digest('hex')}`,
    timestamp: new Date(header.at).toISOString(),
    signature: `ed25519:${Buffer.from(bytes.subarray(-signatureBytes)).toString('base64')}`,
    payload: Buffer.from(bytes).toString('base64')
  }
}

/** What a JSON push says. */
export interface JsonPush {
  readonly peerId: string | undefined
  readonly batch: readonly Uint8Array[]
}

/**
 * Reads `{"peer_id", "envelopes": [{"payload": base64 of the whole envelope}]}`; other keys are ignored, since the
 * envelope says it all.
 *
 * @throws RequestError 400.
 */
export function readJsonPush (body: Buffer): JsonPush {
  const { peer_id: peerId, envelopes } = parseObject(body)
  if (peerId !== undefined && typeof peerId !== 'string') throw badRequest('"peer_id" is not a string.')
  if (!Array.isArray(envelopes)) throw badRequest('"envelopes" is not a list.')
  return { peerId, batch: envelopes.map(readPayload) }
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
    throw badRequest(`envelopes[${index}].payload is not the base64 of an envelope.`)
  }
  return new Uint8Array(Buffer.from(payload, 'base64'))
}
