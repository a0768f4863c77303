import { createRequire } from 'node:module'
import { findMisfit, readPacket, writePacket, type RawPacket } from '../../packages/plugin-mdns/src/codec.ts'
import type { MdnsPacket } from '../../packages/plugin-mdns/src/multicast.ts'

// The codec that multicast-dns brings, and this plugin is given its packets by.
const inPlugin = createRequire(new URL('../../packages/plugin-mdns/package.json', import.meta.url))
const codec = createRequire(inPlugin.resolve('multicast-dns'))('dns-packet') as { encode (packet: RawPacket): Buffer, decode (bytes: Buffer): RawPacket }

/** A packet as it is sent. */
export function toWire (packet: MdnsPacket): Buffer {
  return codec.encode(writePacket(packet))
}

/** What a socket of this plugin makes of bytes: nothing of those that it does not decode. Throws what the decoder throws. */
export function fromWire (bytes: Buffer): MdnsPacket | undefined {
  return findMisfit(bytes) === undefined ? readPacket(codec.decode(bytes)) : undefined
}
