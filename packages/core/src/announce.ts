import { CborReader, encodeCbor } from './cbor.ts'
import type { Announcement, SignedAnnouncement } from './announcement.ts'
import { openEnvelope, sealEnvelope, type Envelope } from './envelope.ts'
import type { Identity } from './identity.ts'

const maxAddresses = 16
const maxAnnouncementBytes = 16_384
const maxExtraDepth = 8
const read = new CborReader('MESH_ENVELOPE_INVALID', 'The announcement')

/** Signs an announcement of this node. Its `did` and `seq` must be the identity's and the envelope's own. */
export function signAnnouncement (identity: Identity, meshId: string, announcement: Announcement): SignedAnnouncement {
  const { seq, name, issuedAt, expiresAt, addresses, capabilities, agents, sealingKey, extra } = announcement
  const payload = encodeCbor({ name, expiresAt, addresses: addresses.map(({ host, port }) => [host, port]), capabilities, agents, sealingKey, extra })
  const { bytes } = sealEnvelope(identity, meshId, { kind: 'announcement', seq, at: issuedAt }, payload)
  return { announcement, bytes }
}

/**
 * An announcement from bytes of anybody's: verified, its fields in bounds. Whether it is still fresh (`expiresAt`) and
 * newer than what is known is for the caller to see.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID`.
 */
export function openAnnouncement (bytes: Uint8Array, meshId: string): SignedAnnouncement {
  if (bytes.length > maxAnnouncementBytes) throw read.fail(`it has more than ${maxAnnouncementBytes} bytes`)
  return readAnnouncement(openEnvelope(bytes, meshId))
}

/** As `openAnnouncement`, for an envelope that was opened already. */
export function readAnnouncement ({ origin, header, payload, bytes }: Envelope): SignedAnnouncement {
  if (header.kind !== 'announcement') throw read.fail(`it is of kind ${header.kind}`)
  const fields = read.map(read.decode(payload), 'the payload')
  const announcement: Announcement = {
    did: origin,
    seq: header.seq,
    name: read.text(fields.get('name'), 'name', 64),
    issuedAt: header.at,
    expiresAt: read.uint(fields.get('expiresAt'), 'expiresAt'),
    addresses: read.list(fields.get('addresses'), 'addresses', maxAddresses).map((item) => {
      const [host, port] = read.tuple(item, 'an address', 2)
      return { host: read.text(host, 'host', 253), port: readPort(port) }
    }),
    capabilities: readNames(fields.get('capabilities'), 'capabilities'),
    agents: readNames(fields.get('agents'), 'agents'),
    sealingKey: read.bytes(fields.get('sealingKey'), 'sealingKey', 32),
    extra: plain(read.map(fields.get('extra'), 'extra')) as Announcement['extra']
  }
  return { announcement, bytes }
}

function readNames (value: unknown, place: string): string[] {
  return read.list(value, place, 256).map((name) => read.text(name, place, 64))
}

function readPort (value: unknown): number {
  const port = read.uint(value, 'port')
  if (port < 1 || port > 65535) throw read.fail('a port is out of range')
  return port
}

/** Maps as plain objects, as plugins wrote them. */
function plain (value: unknown, depth = 0): unknown {
  if (depth > maxExtraDepth) throw read.fail(`extra is nested more than ${maxExtraDepth} deep`)
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1))
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item, depth + 1)]))
  return value
}
