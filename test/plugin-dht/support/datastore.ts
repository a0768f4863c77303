import { createHash } from 'node:crypto'
import { Record } from '../../../packages/plugin-dht/node_modules/@libp2p/kad-dht/dist/src/index.js'
import { Key } from '../../../packages/plugin-dht/node_modules/interface-datastore/dist/src/index.js'
import { base32 } from '../../../packages/plugin-dht/node_modules/multiformats/dist/src/bases/base32.js'

/** A record as kad-dht gives it to its datastore. */
export function recordEntry (did: string, bytes: Uint8Array): { readonly key: Key, readonly value: Uint8Array } {
  const name = Buffer.from(`/akshi/${did}`)
  return { key: new Key(`/dht/record/${base32.baseEncode(name)}`, false), value: new Record(name, bytes, new Date()).serialize() }
}

/** Where kad-dht keeps that a peer is listed under a key. */
export function providerPath (name: string, peer: string): Key {
  return new Key(`/dht/provider/${base32.baseEncode(Buffer.from(name))}/${peer}`, false)
}

/** Kademlia's distance of two keys. */
export function distance (a: Uint8Array, b: Uint8Array): Buffer {
  const [one, other] = [a, b].map((key) => createHash('sha256').update(key).digest()) as [Buffer, Buffer]
  return one.map((byte, index) => byte ^ (other[index] ?? 0)) as Buffer
}
