import { isIPv4 } from 'node:net'
import type { Did } from '@akshi/core'
import type { MdnsPacket, MdnsRecord } from './multicast.ts'
import { shorten } from './service-name.ts'

/** The service type of Akshi nodes (RFC 6763 section 7). */
export const serviceType = '_akshi._tcp.local'

/** Version of the TXT record; nodes with another are ignored. */
export const txtVersion = '1'

/** Time to live of every record. A node that died without a goodbye is forgotten by then. */
export const ttlSecs = 120

const maxSubtypes = 8
const maxNameBytes = 63

/** What a node advertises on one interface. */
export interface Service {
  /** One DNS label: see `ServiceName`. */
  readonly label: string
  /** A host name that ends in `.local`. */
  readonly host: string
  readonly did: Did
  /** What its operator calls it, whatever it is called here. */
  readonly name: string
  /** Number of its announcement. */
  readonly seq: number
  /** Addresses of the interface that it listens on. */
  readonly addresses: readonly string[]
  readonly port: number
  readonly capabilities: readonly string[]
}

/** PTR, SRV, TXT, A, AAAA and subtypes of a service. The PTRs are shared with other nodes; the rest belongs to this node alone. */
export function recordsOf ({ label, host, did, name, seq, addresses, port, capabilities }: Service): readonly MdnsRecord[] {
  const instance = `${label}.${serviceType}`
  const txt = [`v=${txtVersion}`, `did=${did}`, `name=${shorten(name, maxNameBytes)}`, `seq=${seq}`]
  return [
    pointTo(label),
    { name: instance, type: 'SRV', ttl: ttlSecs, flush: true, data: { target: host, port } },
    { name: instance, type: 'TXT', ttl: ttlSecs, flush: true, data: txt },
    ...addresses.map((data): MdnsRecord => ({ name: host, type: isIPv4(data) ? 'A' : 'AAAA', ttl: ttlSecs, flush: true, data })),
    ...subtypesOf(capabilities).map((subtype): MdnsRecord => ({ ...pointTo(label), name: `_${subtype}._sub.${serviceType}` } as MdnsRecord))
  ]
}

/** Those capabilities that can be a label, so that others can look for one (RFC 6763 section 7.1). */
function subtypesOf (capabilities: readonly string[]): readonly string[] {
  return capabilities.filter((each) => /^[a-z0-9-]{1,62}$/i.test(each)).slice(0, maxSubtypes)
}

/** The PTR record that leads from the service type to an instance. */
export function pointTo (label: string, ttl = ttlSecs): MdnsRecord {
  return { name: serviceType, type: 'PTR', ttl, flush: false, data: `${label}.${serviceType}` }
}

/** Answers "which service types are there?" (RFC 6763 section 9). */
export const enumerationRecord: MdnsRecord = {
  name: '_services._dns-sd._udp.local', type: 'PTR', ttl: ttlSecs, flush: false, data: serviceType
}

/** DNS names are equal whatever their case. */
export function sameName (one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Whether a record belongs to one node alone, so that it goes out with the cache-flush bit. */
export function isUnique ({ type }: MdnsRecord): boolean {
  return type !== 'PTR'
}

const empty: MdnsPacket = { type: 'query', id: 0, truncated: false, questions: [], answers: [], authorities: [], additionals: [] }

/** A question, with the answers that are known already (RFC 6762 section 7.1). */
export function question (questions: MdnsPacket['questions'], known: readonly MdnsRecord[] = [], truncated = false): MdnsPacket {
  return { ...empty, questions, answers: known, truncated }
}

/** Asks whether somebody has the names of these records (RFC 6762 section 8.1). */
export function probe (records: readonly MdnsRecord[]): MdnsPacket {
  const authorities = records.filter(isUnique)
  const names = [...new Set(authorities.map(({ name }) => name))]
  return { ...empty, questions: names.map((name) => ({ name, type: 'ANY' })), authorities }
}

/** An unsolicited or asked-for answer. */
export function response (answers: readonly MdnsRecord[], additionals: readonly MdnsRecord[] = []): MdnsPacket {
  return { ...empty, type: 'response', answers, additionals }
}

/** Takes records back (RFC 6762 section 10.1). */
export function goodbye (records: readonly MdnsRecord[]): MdnsPacket {
  return response(records.map((record) => ({ ...record, ttl: 0 })))
}
