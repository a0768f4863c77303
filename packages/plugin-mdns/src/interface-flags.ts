import { readFileSync } from 'node:fs'

const pointToPoint = 0x10
const multicast = 0x1000

/**
 * Whether an interface is a network that multicast reaches more than one other on, by the flags that Linux shows of it
 * (netdevice(7): IFF_POINTOPOINT, IFF_MULTICAST). True where they cannot be read: other systems show them to nobody.
 */
export function isMulticastNetwork (name: string): boolean {
  try {
    const flags = Number(readFileSync(`/sys/class/net/${name}/flags`, 'utf8'))
    return (flags & multicast) !== 0 && (flags & pointToPoint) === 0
  } catch {
    return true
  }
}
