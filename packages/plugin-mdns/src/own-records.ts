import type { Did } from '@akshi/core'
import type { MdnsRecord } from './multicast.ts'
import { sameRecord } from './record-order.ts'
import { isUnique, sameName } from './records.ts'

const maxKept = 256

/**
 * What this node has said on any interface, now or a while ago. Two interfaces may be on one network, and then each hears
 * the other's records for the same names: they are no conflict.
 */
export class OwnRecords {
  readonly #did: Did
  #said: readonly MdnsRecord[] = []

  constructor (did: Did) {
    this.#did = did
  }

  add (records: readonly MdnsRecord[]): void {
    const fresh = records.filter((record) => isUnique(record) && !this.has(record))
    this.#said = [...this.#said, ...fresh].slice(-maxKept)
  }

  /** A TXT record is this node's whatever else changes in it, if it has its DID. */
  has (record: MdnsRecord): boolean {
    if (record.type === 'TXT') return record.data.includes(`did=${this.#did}`)
    return this.#said.some((own) => sameRecord(own, record))
  }

  /** Whether somebody else has given one of `heard` the name of one of `mine`. */
  contradict (heard: readonly MdnsRecord[], mine: readonly MdnsRecord[]): boolean {
    return heard.some((record) => record.ttl > 0 && isUnique(record) && !this.has(record) && mine.some((own) => isUnique(own) && sameName(own.name, record.name)))
  }
}
