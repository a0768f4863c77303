import { BlockList, isIPv4 } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'

/** One IPv4 address of this machine, with the network it is on. */
export interface LanInterface {
  /** As the system calls it: `eth0`. */
  readonly name: string
  readonly address: string
  /** True when the IPv4 address `host` is on this interface's network. */
  contains (host: string): boolean
}

/** The interfaces to use, and what was asked for and is not there. */
export interface InterfaceSelection {
  readonly selected: readonly LanInterface[]
  readonly missing: readonly string[]
}

type SystemInterfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/** Tunnels and container bridges: peers behind them are reached by other means, or are this machine itself. */
const unsuitable = /^(wg|tun|utun|ppp|docker|br-|veth)/

/**
 * Picks interfaces by name (its first IPv4 address) or by IPv4 address. With nothing asked for: every interface with an
 * IPv4 address, except loopback, tunnels, container bridges and what has a network of its own address only (point to
 * point).
 */
export function selectInterfaces (wanted: readonly string[], system: SystemInterfaces): InterfaceSelection {
  const all = listAddresses(system)
  const found = wanted.length === 0 ? all.filter(isSuitable) : all.filter((each) => wanted.some((want) => matches(each, want)))
  return {
    selected: found.filter(isFirstOrWanted).map(toLanInterface),
    missing: wanted.filter((want) => !all.some((each) => matches(each, want)))
  }

  function isFirstOrWanted (each: NamedAddress, index: number): boolean {
    return wanted.includes(each.address) || found.findIndex(({ name }) => name === each.name) === index
  }
}

interface NamedAddress {
  readonly name: string
  readonly address: string
  readonly prefix: number
  readonly internal: boolean
}

function listAddresses (system: SystemInterfaces): readonly NamedAddress[] {
  return Object.entries(system).flatMap(([name, infos]) => (infos ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address, cidr, internal }) => ({ name, address, prefix: Number(cidr?.split('/')[1] ?? 32), internal })))
}

function isSuitable ({ name, prefix, internal }: NamedAddress): boolean {
  return !internal && prefix < 32 && !unsuitable.test(name)
}

function matches ({ name, address }: NamedAddress, want: string): boolean {
  return want === name || want === address
}

function toLanInterface ({ name, address, prefix }: NamedAddress): LanInterface {
  const network = new BlockList()
  network.addSubnet(address, prefix)
  return { name, address, contains: (host) => isIPv4(host) && network.check(host) }
}
