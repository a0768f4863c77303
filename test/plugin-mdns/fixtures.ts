import { createIdentity, createLogger, type Address, type Did, type Logger, type PeerCandidate, type SignedAnnouncement } from '@akshi/core'
import type { NetworkInterfaceInfo } from 'node:os'
import { selectInterfaces, type InterfaceSelection, type LanInterface } from '../../packages/plugin-mdns/src/lan-interface.ts'
import { MdnsDiscovery, type MdnsOptions } from '../../packages/plugin-mdns/src/mdns-discovery.ts'
import type { Multicast } from '../../packages/plugin-mdns/src/multicast.ts'
import { question, serviceType, type Service } from '../../packages/plugin-mdns/src/records.ts'
import { FakeClock } from './fake-clock.ts'

export const group = 15353

/** A new DID. */
export function newDid (): Did {
  return createIdentity().did
}

/** An interface with a network of 256 IPv4 addresses, and perhaps with IPv6 addresses in networks of /64: what it is for IPv4. */
export function lan (address: string, name = 'eth0', ...ipv6: readonly string[]): LanInterface {
  return lans(address, name, ...ipv6)[0]
}

/** The same for each family that it has. */
export function lans (address: string, name = 'eth0', ...ipv6: readonly string[]): readonly [LanInterface, ...LanInterface[]] {
  const infos = [ipv4Info(`${address}/24`), ...ipv6.map((host) => ipv6Info(`${host}/64`))]
  const [first, ...more] = selectInterfaces([name], { [name]: infos }).selected
  if (first === undefined) throw new Error('no interface')
  return [first, ...more]
}

export function ipv4Info (cidr: string, internal = false): NetworkInterfaceInfo {
  return { family: 'IPv4', address: cidr.split('/')[0] ?? '', cidr, internal, netmask: '', mac: '' }
}

export function ipv6Info (cidr: string, internal = false): NetworkInterfaceInfo {
  return { family: 'IPv6', address: cidr.split('/')[0] ?? '', cidr, internal, netmask: '', mac: '', scopeid: 2 }
}

/** What a node of this name on 10.0.0.2 advertises, unless told otherwise. */
export function serviceOf (label: string, { did = newDid(), ...more }: Partial<Service> = {}): Service {
  return { label, host: `${label}.local`, did, name: label, seq: 1, addresses: ['10.0.0.2'], port: 3210, capabilities: [], ...more }
}

/** The question for nodes. */
export const whoIsThere = question([{ name: serviceType, type: 'PTR' }])

/** An announcement as far as this plugin reads it. */
export function announcementOf (name: string, did: Did, addresses: readonly Address[], seq = 1): SignedAnnouncement {
  return {
    announcement: { did, name, addresses, seq, issuedAt: 0, expiresAt: 1, capabilities: ['journal'], agents: [], sealingKey: new Uint8Array(32), extra: {} },
    bytes: new Uint8Array()
  }
}

/** A logger that keeps its warnings in `lines`. */
export function recordWarnings (): { readonly logger: Logger, readonly lines: string[] } {
  const lines: string[] = []
  return { lines, logger: createLogger({ level: 'warn', format: 'pretty', clock: new FakeClock(), write: (line) => lines.push(line) }) }
}

/** What selects these interfaces. */
export function only (...selected: readonly LanInterface[]): InterfaceSelection {
  return { selected, missing: [], left: [] }
}

/** A node on fake time, and what it reported. Its interfaces are those of `selection` at any time. */
export function makeNode (multicast: Multicast, clock: FakeClock, selection: InterfaceSelection | (() => InterfaceSelection), more: Partial<MdnsOptions> = {}) {
  const { did = newDid() } = more
  const heard: PeerCandidate[] = []
  const { logger, lines: warnings } = recordWarnings()
  const random = { bytes: (length: number) => new Uint8Array(length), uniform: () => 0.5 }
  const interfaces = typeof selection === 'function' ? selection : () => selection
  const discovery = new MdnsDiscovery(multicast, {
    did, trusts: () => false, port: group, maxQueryIntervalMs: 30_000, interfaces, listensOnLinkLocal: false, clock, random, logger, ...more
  })
  const start = () => discovery.start((candidate) => heard.push(candidate), new AbortController().signal)
  return { did, heard, warnings, discovery, start }
}
