import { isMeshError, type Clock, type Did } from '@akshi/core'
import { openRecord, readRecord, type DhtRecord, type SignedRecord } from './dht-record.ts'
import type { KadNode } from './kad-node.ts'

const quorum = 3
const limitMs = 5_000
const maxSeen = 2_000

/**
 * Finds the records of nodes. The newest that was ever seen counts: whoever serves an older one is not believed. A look-up ends when three
 * have the same, since asking all who may have one takes many times as long.
 */
export class Resolver {
  readonly #kad: KadNode
  readonly #clock: Clock
  readonly #seen = new Map<Did, SignedRecord>()

  constructor (kad: KadNode, clock: Clock) {
    this.#kad = kad
    this.#clock = clock
  }

  /** The newest record that this node has seen, unless it has expired. */
  known (did: Did): DhtRecord | undefined {
    const seen = this.#seen.get(did)
    return seen === undefined || seen.record.expiresAt <= this.#clock.now() ? undefined : seen.record
  }

  /** Takes a record that somebody showed. Returns the newest, which may be another. Throws `MESH_ENVELOPE_INVALID`. */
  take (did: Did, bytes: Uint8Array): DhtRecord {
    const seen = this.#seen.get(did)
    const opened = openRecord(bytes, did, this.#clock.now())
    const newest = seen === undefined || opened.record.seq >= seen.record.seq ? opened : seen
    this.#seen.delete(did)
    this.#seen.set(did, newest)
    if (this.#seen.size > maxSeen) this.#seen.delete(this.#seen.keys().next().value as Did)
    return newest.record
  }

  /**
   * Asks the DHT for a node's record. Resolves to the newest that is known then, or to nothing.
   *
   * @throws MeshError `MESH_TIMEOUT` when nothing was found in time, `MESH_NOT_RUNNING`.
   */
  async resolve (did: Did): Promise<DhtRecord | undefined> {
    const votes = new Map<number, number>()
    const own = this.#kad.store.recordBytes(did)
    const vote = (bytes: Uint8Array): boolean => {
      this.take(did, bytes)
      const { seq } = readRecord(bytes)
      const count = (votes.get(seq) ?? 0) + 1
      votes.set(seq, count)
      return count >= quorum
    }
    if (own !== undefined) vote(own)
    try {
      await this.#kad.queries.records(did, limitMs, (bytes) => this.#isValid(vote, bytes))
    } catch (error) {
      if (isMeshError(error, 'MESH_NOT_RUNNING') || this.known(did) === undefined) throw error
    }
    return this.known(did)
  }

  #isValid (vote: (bytes: Uint8Array) => boolean, bytes: Uint8Array): boolean {
    try {
      return vote(bytes)
    } catch {
      return false
    }
  }
}
