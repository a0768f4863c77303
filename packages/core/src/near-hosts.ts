import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Whether a host is on a network that this machine is on, by its addresses of now; link-local addresses do not count, nor does the machine itself. */
export function isNear (host: string, interfaces = networkInterfaces()): boolean {
  const subnets = new BlockList()
  for (const { cidr, internal, family } of Object.values(interfaces).flatMap((infos) => infos ?? [])) {
    const [network = '', prefix = ''] = cidr?.split('/') ?? []
    if (!internal && network !== '' && !network.startsWith('fe80:')) subnets.addSubnet(network, Number(prefix), family === 'IPv4' ? 'ipv4' : 'ipv6')
  }
  if (isIPv4(host)) return subnets.check(host, 'ipv4')
  return isIPv6(host) && subnets.check(host, 'ipv6')
}

/** Whether a host is an address of this machine. */
export function isOwn (host: string, interfaces = networkInterfaces()): boolean {
  return Object.values(interfaces).some((infos) => infos?.some(({ address }) => address === host))
}
