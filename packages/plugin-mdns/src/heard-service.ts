import { isDid, type Did, type PeerCandidate } from '@akshi/core'
import { isLinkLocal, type LanInterface } from './lan-interface.ts'
import type { MdnsQuestion, MdnsRecord } from './multicast.ts'
import { RecordLife } from './record-life.ts'
import { sameName, serviceType, txtVersion } from './records.ts'

/** What is known of a service: a usable candidate, why it is none, or what to ask for. */
export type Reading =
  | { readonly candidate: PeerCandidate }
  | { readonly problem: string }
  | { readonly missing: readonly MdnsQuestion[] }

const maxAddresses = 8
const maxAsks = 3

/** One instance of the service type, by what was heard of it. Holds a handful of records at most. */
export class HeardService {
  readonly label: string
  readonly #lives = new Map<string, RecordLife>()
  #asks = 0

  constructor (label: string) {
    this.label = label
  }

  get instance (): string { return `${this.label}.${serviceType}` }

  get did (): Did | undefined {
    const did = readAttribute(this.#get('TXT')?.data ?? [], 'did') ?? ''
    return isDid(did) ? did : undefined
  }

  /** The host name that its addresses are those of. */
  get target (): string | undefined { return this.#get('SRV')?.data.target }

  /** Whether a record leads to it still. */
  isListed (now: number): boolean {
    return this.#lives.get('PTR')?.isOver(now) === false
  }

  /** Takes a PTR to it, its SRV or TXT, or an address of its target. */
  note (record: MdnsRecord, now: number, chance: number): void {
    const key = record.type === 'A' || record.type === 'AAAA' ? `${record.type} ${record.data}` : record.type
    const former = this.#lives.get(key)
    if (record.ttl === 0) return former?.end(now)
    if (record.type === 'PTR') this.#asks = 0
    if (record.type === 'SRV' && !sameName(record.data.target, this.target ?? record.data.target)) this.#dropAddresses()
    if (record.flush && key !== record.type) this.#outdate(record.type, now)
    if (former !== undefined || this.#lives.size < maxAddresses + 3) this.#lives.set(key, new RecordLife(record, now, chance))
  }

  /** The candidate that its records make, none of which needs be there. Only addresses on the interface's own networks count, so that nobody can make this node dial elsewhere. */
  read (on: LanInterface): Reading {
    const [txt, srv] = [this.#get('TXT'), this.#get('SRV')]
    if (txt === undefined || srv === undefined) {
      const missing = [...srv === undefined ? ['SRV'] : [], ...txt === undefined ? ['TXT'] : []]
      return { missing: missing.map((type) => ({ name: this.instance, type })) }
    }
    const version = readAttribute(txt.data, 'v')
    if (version !== txtVersion) return { problem: `its TXT record has v=${version ?? ''}, not v=${txtVersion}` }
    const { did } = this
    if (did === undefined) return { problem: 'its TXT record has no valid did' }
    const { target, port } = srv.data
    if (!Number.isInteger(port) || port < 1 || port > 65535) return { problem: `its port is ${port}` }
    const hosts = this.#addresses()
    if (hosts.length === 0) return { missing: ['A', 'AAAA'].map((type) => ({ name: target, type })) }
    const addresses = hosts.filter((host) => on.contains(host)).map((host) => ({ host: isLinkLocal(host) ? `${host}%${on.name}` : host, port }))
    return addresses.length === 0 ? { problem: `it has no address on the network of ${on.name}` } : { candidate: { did, addresses, onLink: true } }
  }

  /** The PTR to it, for those who ask for services, unless it is to be asked for. */
  asKnownAnswer (now: number): MdnsRecord | undefined {
    return this.#lives.get('PTR')?.asKnownAnswer(now)
  }

  /** What to ask for now: records that are about to end, and, a few times, those that never came. */
  questions (on: LanInterface, now: number): readonly MdnsQuestion[] {
    const due = [...this.#lives.values()].filter((life) => life.isDue(now)).map(({ record: { name, type } }) => ({ name, type }))
    const reading = this.#asks < maxAsks ? this.read(on) : undefined
    if (reading === undefined || !('missing' in reading)) return due
    this.#asks++
    return [...due, ...reading.missing]
  }

  /** Forgets what is over. */
  sweep (now: number): void {
    for (const [key, life] of this.#lives) if (life.isOver(now)) this.#lives.delete(key)
  }

  /** Its node does not answer: what is known of it holds on only if somebody says so soon. */
  doubt (now: number): void {
    for (const life of this.#lives.values()) life.doubt(now)
  }

  #get<Type extends 'SRV' | 'TXT'> (type: Type): Extract<MdnsRecord, { readonly type: Type }> | undefined {
    return this.#lives.get(type)?.record as Extract<MdnsRecord, { readonly type: Type }> | undefined
  }

  #addresses (): readonly string[] {
    return [...this.#lives.values()].flatMap(({ record: { type, data } }) => (type === 'A' || type === 'AAAA') && typeof data === 'string' ? [data] : [])
  }

  #dropAddresses (): void {
    for (const [key, { record: { type } }] of this.#lives) if (type === 'A' || type === 'AAAA') this.#lives.delete(key)
  }

  /** The cache-flush bit: addresses that are not of the set which comes now were another time's (RFC 6762 section 10.2). */
  #outdate (type: MdnsRecord['type'], now: number): void {
    for (const life of this.#lives.values()) if (life.record.type === type && !life.isNew(now)) life.end(now)
  }
}

/** The first value of a key; keys are equal whatever their case (RFC 6763 section 6.4). */
function readAttribute (strings: readonly string[], key: string): string | undefined {
  const prefix = `${key}=`
  return strings.find((text) => text.toLowerCase().startsWith(prefix))?.slice(prefix.length)
}
