import { isDid, type PeerCandidate } from '@akshi/core'
import type { LanInterface } from './lan-interface.ts'
import type { MdnsPacket, MdnsRecord } from './multicast.ts'
import { sameName, serviceType, txtVersion } from './records.ts'

/** An instance that a packet told of: a usable candidate, or why it is none. */
export interface HeardService {
  readonly label: string
  /** Seconds; 0 is a goodbye. */
  readonly ttl: number
  readonly found: PeerCandidate | { readonly problem: string }
}

const maxAddresses = 8

type RecordIndex = ReadonlyMap<string, readonly MdnsRecord[]>

/**
 * The Akshi services in a response. Strict, since anybody may send one: each needs its PTR, SRV, TXT (`v=1`, a DID) and
 * A in the same packet, as responders send them (RFC 6763 section 12), and addresses must be on the interface's own
 * network, so that nobody can make this node dial elsewhere. Costs time in proportion to the packet's size.
 */
export function readServices (packet: MdnsPacket, on: LanInterface): readonly HeardService[] {
  const index = indexRecords([...packet.answers, ...packet.additionals])
  const ttls = new Map<string, number>()
  for (const record of lookUp(index, 'PTR', serviceType)) {
    const label = record.type === 'PTR' ? readLabel(record.data) : undefined
    if (label !== undefined) ttls.set(label, record.ttl)
  }
  return [...ttls].map(([label, ttl]) => ({ label, ttl, found: readCandidate(index, `${label}.${serviceType}`, on) }))
}

/** The instance label, if it is one that this node can repeat in a question: its codec cannot write a dot within. */
function readLabel (instance: string): string | undefined {
  const label = instance.slice(0, -serviceType.length - 1)
  if (!sameName(instance, `${label}.${serviceType}`)) return
  return label !== '' && !label.includes('.') && Buffer.byteLength(label) <= 63 ? label : undefined
}

function readCandidate (index: RecordIndex, instance: string, on: LanInterface): HeardService['found'] {
  const [txt] = lookUp(index, 'TXT', instance)
  const [srv] = lookUp(index, 'SRV', instance)
  if (txt?.type !== 'TXT' || srv?.type !== 'SRV') return { problem: 'it came without its SRV or TXT record' }
  const version = readAttribute(txt.data, 'v')
  if (version !== txtVersion) return { problem: `its TXT record has v=${version ?? ''}, not v=${txtVersion}` }
  const did = readAttribute(txt.data, 'did') ?? ''
  if (!isDid(did)) return { problem: 'its TXT record has no valid did' }
  const { target, port } = srv.data
  if (!Number.isInteger(port) || port < 1 || port > 65535) return { problem: `its port is ${port}` }
  const addresses = readHosts(index, target, on).map((host) => ({ host, port }))
  return addresses.length === 0 ? { problem: `it has no address on the network of ${on.name}` } : { did, addresses, onLink: true }
}

function readHosts (index: RecordIndex, target: string, on: LanInterface): readonly string[] {
  const hosts = lookUp(index, 'A', target).slice(0, maxAddresses).flatMap(({ data }) => typeof data === 'string' ? [data] : [])
  return [...new Set(hosts)].filter((host) => on.contains(host))
}

/** The first value of a key; keys are equal whatever their case (RFC 6763 section 6.4). */
function readAttribute (strings: readonly string[], key: string): string | undefined {
  const prefix = `${key}=`
  return strings.find((text) => text.toLowerCase().startsWith(prefix))?.slice(prefix.length)
}

function indexRecords (records: readonly MdnsRecord[]): RecordIndex {
  const index = new Map<string, MdnsRecord[]>()
  for (const record of records) {
    const key = keyOf(record.type, record.name)
    const same = index.get(key)
    if (same === undefined) index.set(key, [record])
    else same.push(record)
  }
  return index
}

function lookUp (index: RecordIndex, type: MdnsRecord['type'], name: string): readonly MdnsRecord[] {
  return index.get(keyOf(type, name)) ?? []
}

function keyOf (type: string, name: string): string {
  return `${type} ${name.toLowerCase()}`
}
