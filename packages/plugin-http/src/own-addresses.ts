import type { NetworkInterfaceInfo } from 'node:os'
import type { Address, Announcement } from '@akshi/core'
import { isLoopback } from './access.ts'

/** As `networkInterfaces` of node:os gives them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

const maxAddresses = 16

/**
 * Where a port bound to `bind` can be dialled: for the unspecified address, at every address of this machine that others
 * can use (or, on a machine without one, at loopback); else at `bind` itself. `::` takes IPv4 too.
 */
export function ownAddresses (bind: string, port: number, interfaces: Interfaces): Address[] {
  if (bind !== '0.0.0.0' && bind !== '::') return [{ host: bind, port }]
  const hosts = Object.values(interfaces).flatMap((infos) => infos ?? [])
    .filter(({ internal, family, address }) => !internal && (family === 'IPv4' || (bind === '::' && !address.startsWith('fe80:'))))
    .map(({ address }) => address)
  const reachable = hosts.length > 0 ? hosts : [bind === '::' ? '::1' : '127.0.0.1']
  return reachable.map((host) => ({ host, port }))
}

/** Where a machine can be dialled now; while it is on no network, where it could be before, and will be when its cable is back. */
export function lastingAddresses (before: readonly Address[], now: readonly Address[]): readonly Address[] {
  return before.length > 0 && now.every(({ host }) => isLoopback(host)) ? before : now
}

/** The announcement with these addresses and the capability `http`. */
export function announceHttp (announcement: Announcement, own: readonly Address[]): Announcement {
  const isNew = ({ host, port }: Address) => !announcement.addresses.some((old) => old.host === host && old.port === port)
  return {
    ...announcement,
    addresses: [...announcement.addresses, ...own.filter(isNew)].slice(0, maxAddresses),
    capabilities: [...new Set([...announcement.capabilities, 'http'])]
  }
}
