import { BlockList, isIP } from 'node:net'
import type { Address } from '@akshi/core'

/** What an operator allows. */
export interface AddressRules {
  /** Addresses of private networks count too. */
  readonly privateToo: boolean
  /** Loopback counts too: for a DHT on one machine. */
  readonly loopbackToo: boolean
  /** `443` or `1024-65535`. */
  readonly ports: readonly string[]
}

/** Link-local (with the metadata services of clouds), multicast, broadcast, "this network". */
const never = blockList('0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '100.100.100.200/32', '::/128', 'fe80::/10', 'ff00::/8', 'fd00:ec2::254/128', '64:ff9b::/96')
const loopback = blockList('127.0.0.0/8', '::1/128')
/** RFC 1918, RFC 6598, RFC 4193. */
const privateNetworks = blockList('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7')

/** Stands where a node must name an address and has none that may be published (RFC 5737): whoever reads it asks for the record instead. */
export const nowhere: Address = { host: '192.0.2.1', port: 9 }

/**
 * Which addresses go out to others, and which of those that others publish are ever dialled: one rule for both, since publishing what
 * nobody would dial helps nobody. Names are never allowed: they may resolve to anything.
 */
export class AddressPolicy {
  readonly #rules: AddressRules
  readonly #ports: readonly (readonly [from: number, to: number])[]

  constructor (rules: AddressRules) {
    this.#rules = rules
    this.#ports = rules.ports.map((text) => {
      const [from = 0, to = from] = text.split('-').map(Number)
      return [from, to]
    })
  }

  /** True when it may be published and dialled. */
  allows ({ host, port }: Address): boolean {
    return this.allowsHost(host) && host !== nowhere.host && this.#ports.some(([from, to]) => port >= from && port <= to)
  }

  /** True for a host that may be published, whatever the port. */
  allowsHost (host: string): boolean {
    const { privateToo, loopbackToo } = this.#rules
    if (isIP(host) === 0 || holds(never, host)) return false
    return (loopbackToo || !holds(loopback, host)) && (privateToo || !holds(privateNetworks, host))
  }
}

/** True for an address of this machine only. */
export function isLoopbackHost (host: string): boolean {
  return isIP(host) !== 0 && holds(loopback, host)
}

/** True for an address that only a private network knows. */
export function isPrivateHost (host: string): boolean {
  return isIP(host) !== 0 && holds(privateNetworks, host)
}

/** An IPv4 address in IPv6 form counts as what it is. */
function holds (list: BlockList, host: string): boolean {
  return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
}

function blockList (...networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [net = '', bits] = network.split('/')
    list.addSubnet(net, Number(bits), isIP(net) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
