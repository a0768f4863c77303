import type { Did } from '@akshi/core'
import type { MdnsPacket, MdnsRecord } from './multicast.ts'

/** The service type of Akshi nodes (RFC 6763 section 7). */
export const serviceType = '_akshi._tcp.local'

/** Version of the TXT record; nodes with another are ignored. */
export const txtVersion = '1'

/** Time to live of every record. A node that died without a goodbye is forgotten by then. */
export const ttlSecs = 120

/** What a node advertises on one interface. */
export interface Service {
  /** One DNS label, instance and host name at once: see `instanceLabel`. */
  readonly label: string
  readonly did: Did
  readonly address: string
  readonly port: number
}

/**
 * The node's name as one DNS label of letters, digits and hyphens, made unique by the end of its DID. At most 63 bytes
 * (RFC 1035 section 2.3.4).
 */
export function instanceLabel (nodeName: string, did: Did): string {
  const name = nodeName.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 54).replace(/^-+|-+$/g, '')
  return `${name === '' ? 'node' : name}-${did.slice(-8)}`
}

/** PTR, SRV, TXT and A of a service. The PTR is shared with other nodes; the rest belongs to this node alone. */
export function recordsOf ({ label, did, address, port }: Service): readonly MdnsRecord[] {
  const instance = `${label}.${serviceType}`
  const host = `${label}.local`
  return [
    pointTo(label),
    { name: instance, type: 'SRV', ttl: ttlSecs, flush: true, data: { target: host, port } },
    { name: instance, type: 'TXT', ttl: ttlSecs, flush: true, data: [`v=${txtVersion}`, `did=${did}`] },
    { name: host, type: 'A', ttl: ttlSecs, flush: true, data: address }
  ]
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

/** A question for nodes, with the answers that are known already (RFC 6762 section 7.1). */
export function question (known: readonly MdnsRecord[]): MdnsPacket {
  return { type: 'query', questions: [{ name: serviceType, type: 'PTR' }], answers: known, additionals: [] }
}

/** An unsolicited or asked-for answer. */
export function response (answers: readonly MdnsRecord[], additionals: readonly MdnsRecord[] = []): MdnsPacket {
  return { type: 'response', questions: [], answers, additionals }
}

/** Takes records back (RFC 6762 section 10.1). */
export function goodbye (records: readonly MdnsRecord[]): MdnsPacket {
  return response(records.map((record) => ({ ...record, ttl: 0 })))
}
