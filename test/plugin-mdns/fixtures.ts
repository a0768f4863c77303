import { createIdentity, createLogger, type Address, type Did, type Logger, type PeerCandidate, type SignedAnnouncement } from '@akshi/core'
import { selectInterfaces, type LanInterface } from '../../packages/plugin-mdns/src/lan-interface.ts'
import { MdnsDiscovery } from '../../packages/plugin-mdns/src/mdns-discovery.ts'
import type { Multicast } from '../../packages/plugin-mdns/src/multicast.ts'
import { FakeClock } from './fake-clock.ts'

export const group = 15353

/** A new DID. */
export function newDid (): Did {
  return createIdentity().did
}

/** An interface with a network of 256 addresses. */
export function lan (address: string, name = 'eth0'): LanInterface {
  const info = { family: 'IPv4', address, cidr: `${address}/24`, internal: false, netmask: '255.255.255.0', mac: '00:00:00:00:00:00' } as const
  const [found] = selectInterfaces([name], { [name]: [info] }).selected
  if (found === undefined) throw new Error('no interface')
  return found
}

/** An announcement as far as this plugin reads it. */
export function announcementOf (name: string, did: Did, addresses: readonly Address[]): SignedAnnouncement {
  return {
    announcement: { did, name, addresses, seq: 1, issuedAt: 0, expiresAt: 1, capabilities: [], agents: [], sealingKey: new Uint8Array(32), extra: {} },
    bytes: new Uint8Array()
  }
}

/** A logger that keeps its warnings in `lines`. */
export function recordWarnings (): { readonly logger: Logger, readonly lines: string[] } {
  const lines: string[] = []
  return { lines, logger: createLogger({ level: 'warn', format: 'pretty', clock: new FakeClock(), write: (line) => lines.push(line) }) }
}

/** A node on fake time, and what it reported. */
export function makeNode (multicast: Multicast, clock: FakeClock, interfaces: readonly LanInterface[], missing: readonly string[] = []) {
  const did = newDid()
  const heard: PeerCandidate[] = []
  const { logger, lines: warnings } = recordWarnings()
  const random = { bytes: (length: number) => new Uint8Array(length), uniform: () => 0.5 }
  const discovery = new MdnsDiscovery(multicast, {
    did, port: group, maxQueryIntervalMs: 30_000, interfaces: () => ({ selected: interfaces, missing }), clock, random, logger
  })
  const start = () => discovery.start((candidate) => heard.push(candidate), new AbortController().signal)
  return { did, heard, warnings, discovery, start }
}
