import { BlockList, isIPv4 } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'

/** One interface of this machine in one family, as it is now. Another address makes it another. */
export interface LanInterface {
  /** As the system calls it: `eth0`. */
  readonly name: string
  readonly family: 4 | 6
  /** An address of the family: the one that was asked for, else the first. */
  readonly address: string
  /** Its addresses of both families, without zones. */
  readonly hosts: readonly string[]
  /** Tells it from the same interface with other addresses, or from another that was given its name. */
  readonly key: string
  /** True when a host is on one of this interface's networks; every link-local IPv6 address is. A zone is not looked at. */
  contains (host: string): boolean
}

/** The interfaces to use, what was asked for and is not there, and what was left out because nothing was asked for. */
export interface InterfaceSelection {
  readonly selected: readonly LanInterface[]
  readonly missing: readonly string[]
  readonly left: readonly string[]
}

export type SystemInterfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/** Tunnels and what containers hang on: peers behind them are reached by other means, or are this machine itself. */
const unsuitable = /^(wg|tun|utun|ppp|docker|br-|veth|cni|podman|awdl|llw)/

/**
 * Picks interfaces by name or by IPv4 address. With nothing asked for: each that multicast reaches others on, but loopback,
 * tunnels, point-to-point links and container bridges. One whose IPv4 address was asked for is used for IPv4 only.
 */
export function selectInterfaces (wanted: readonly string[], system: SystemInterfaces, isMulticast: (name: string) => boolean = () => true): InterfaceSelection {
  const all = Object.entries(system).map(([name, infos]) => ({ name, infos: infos ?? [] })).filter(({ infos }) => infos.length > 0)
  const isChosen = (each: SystemInterface) => wanted.length === 0 ? isSuitable(each) && isMulticast(each.name) : wanted.some((want) => matches(each, want))
  return {
    selected: all.filter(isChosen).flatMap((each) => toLanInterfaces(each, wanted)),
    missing: wanted.filter((want) => !all.some((each) => matches(each, want))),
    left: wanted.length > 0 ? [] : all.filter((each) => !isChosen(each) && !isInternal(each)).map(({ name }) => name)
  }
}

interface SystemInterface {
  readonly name: string
  readonly infos: readonly NetworkInterfaceInfo[]
}

/** What has only networks of one address is point to point. */
function isSuitable (each: SystemInterface): boolean {
  return !isInternal(each) && !unsuitable.test(each.name) && each.infos.some((info) => prefixOf(info) < (info.family === 'IPv4' ? 32 : 128))
}

function isInternal ({ infos }: SystemInterface): boolean {
  return infos.every(({ internal }) => internal)
}

function matches ({ name, infos }: SystemInterface, want: string): boolean {
  return want === name || infos.some(({ address, family }) => family === 'IPv4' && address === want)
}

/** One a family that can multicast: for IPv6 that takes a link-local address. */
function toLanInterfaces ({ name, infos }: SystemInterface, wanted: readonly string[]): readonly LanInterface[] {
  const asked = wanted.includes(name) ? undefined : infos.find(({ address }) => wanted.includes(address))
  const used = asked === undefined ? infos : [asked]
  const ipv4 = used.find(({ family }) => family === 'IPv4')
  const ipv6 = used.find(({ family, address }) => family === 'IPv6' && isLinkLocal(address))
  const key = JSON.stringify([name, ...used.map(({ cidr, mac, scopeid }) => [cidr, mac, scopeid])])
  const shared = { name, hosts: used.map(({ address }) => address), contains: networkOf(used) }
  return [
    ...ipv4 === undefined ? [] : [{ ...shared, family: 4 as const, address: ipv4.address, key: `4 ${key}` }],
    ...ipv6 === undefined ? [] : [{ ...shared, family: 6 as const, address: ipv6.address, key: `6 ${key}` }]
  ]
}

/** Whether an IPv6 address is good on one link only (RFC 4291 section 2.5.6). */
export function isLinkLocal (host: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(host)
}

function networkOf (infos: readonly NetworkInterfaceInfo[]): (host: string) => boolean {
  const networks = new BlockList()
  for (const info of infos) networks.addSubnet(info.address, prefixOf(info), info.family === 'IPv4' ? 'ipv4' : 'ipv6')
  const hasLinkLocal = infos.some(({ address }) => isLinkLocal(address))
  return (host) => {
    const [address = ''] = host.split('%')
    if (isIPv4(address)) return networks.check(address, 'ipv4')
    return isLinkLocal(address) ? hasLinkLocal : networks.check(address, 'ipv6')
  }
}

function prefixOf ({ cidr, family }: NetworkInterfaceInfo): number {
  return Number(cidr?.split('/')[1] ?? (family === 'IPv4' ? 32 : 128))
}
