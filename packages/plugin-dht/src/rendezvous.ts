import { createHash } from 'node:crypto'
import type { Did } from '@akshi/core'

const shards = 8
/** What the nodes that keep a key are to hold at most, about. */
const crowd = 200
/** From so many on there may be shards. */
const half = crowd / 2

/**
 * The keys under which the members of a mesh meet, as digests: none but who knows the mesh's secret (or its id, where it has none) can
 * compute them. A large mesh has one key for all, where about 200 of them are listed, and eight more, where each is under one.
 */
export class Rendezvous {
  readonly #name: string

  constructor (meshId: string, secret: string | undefined) {
    this.#name = JSON.stringify(secret === undefined ? ['id', meshId] : ['secret', meshId, secret])
  }

  /** Where to look for members, of whom so many are known. */
  keysToAsk (known: number): readonly Uint8Array[] {
    return known < half ? [this.#key('')] : ['', ...Array.from({ length: shards }, (_, shard) => String(shard))].map((shard) => this.#key(shard))
  }

  /** Where a node is to be listed that knows of so many members. */
  keysToProvide (did: Did, known: number): readonly Uint8Array[] {
    if (known < half) return [this.#key('')]
    const place = createHash('sha256').update(did).digest()
    const isListed = place.readUInt32BE(1) / 2 ** 32 < crowd / Math.max(known, crowd)
    return [...isListed ? [this.#key('')] : [], this.#key(String((place[0] ?? 0) % shards))]
  }

  #key (shard: string): Uint8Array {
    return createHash('sha256').update(`akshi-dht-rendezvous/v1\0${this.#name}\0${shard}`).digest()
  }
}
