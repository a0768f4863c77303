import { sealEnvelope, type Address, type Announcement, type Identity, type SignedAnnouncement } from '@akshi/core'
import { meshId } from './material.ts'

/** An announcement of a node before plugins have added to it. */
export function plainAnnouncement (identity: Identity, seq: number, addresses: readonly Address[] = []): Announcement {
  const issuedAt = Date.UTC(2025, 0, 1) + seq
  const { did, sealingKey } = identity
  return { did, seq, name: `node-${did.slice(-6)}`, issuedAt, expiresAt: issuedAt + 86_400_000, addresses, capabilities: [], agents: [], sealingKey, extra: {} }
}

/** Signs an announcement as core does, so that whoever carries its bytes can have them checked. */
export function sign (identity: Identity, announcement: Announcement): SignedAnnouncement {
  const { seq, name, issuedAt, expiresAt, addresses, capabilities, agents, sealingKey, extra } = announcement
  const payload = encode({ name, expiresAt, addresses: addresses.map(({ host, port }) => [host, port]), capabilities, agents, sealingKey, extra })
  return { announcement, bytes: sealEnvelope(identity, meshId, { kind: 'announcement', seq, at: issuedAt }, payload).bytes }
}

/** Deterministic CBOR (RFC 8949, section 4.2) of the few types that an announcement has. */
function encode (value: unknown): Buffer {
  if (typeof value === 'number') return head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encode)])
  if (typeof value !== 'object' || value === null) throw new TypeError(`An announcement cannot hold ${String(value)}`)
  const entries = Object.entries(value).map(([key, each]): [Buffer, Buffer] => [encode(key), encode(each)])
  return Buffer.concat([head(5, entries.length), ...entries.sort(([a], [b]) => Buffer.compare(a, b)).flat()])
}

function head (major: number, value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`An announcement cannot hold ${value}`)
  const bits = major << 5
  if (value < 24) return Buffer.of(bits | value)
  if (value < 2 ** 8) return Buffer.of(bits | 24, value)
  const bytes = Buffer.alloc(9)
  bytes.writeBigUInt64BE(BigInt(value), 1)
  const width = value < 2 ** 16 ? 2 : value < 2 ** 32 ? 4 : 8
  bytes[8 - width] = bits | { 2: 25, 4: 26, 8: 27 }[width]
  return bytes.subarray(8 - width)
}
