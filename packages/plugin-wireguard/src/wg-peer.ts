import { isIP, isIPv6 } from 'node:net'
import { MeshError, type Address } from '@akshi/core'
import type { WgPeer, WgSettings } from './wg-device.ts'

/** Turns a peer on and at once off again: the first keepalive of all takes a handshake with it. */
export const kickSecs = 25

const interfaceName = /^(?![-.])[\w=+.-]{1,15}$/
const isPort = (port: number) => Number.isInteger(port) && port > 0 && port < 65_536

/** @throws TypeError when no device could take the peer. */
export function checkPeer ({ address, endpoint, keepaliveSecs }: WgPeer): void {
  if (!isIPv6(address)) throw new TypeError(`"${address}" is no IPv6 address`)
  if (!Number.isInteger(keepaliveSecs) || keepaliveSecs < 0 || keepaliveSecs > 65_535) throw new TypeError(`a keepalive of ${keepaliveSecs} s`)
  if (endpoint !== undefined && (isIP(endpoint.host) === 0 || !isPort(endpoint.port))) throw new TypeError(`"${endpoint.host}" port ${endpoint.port} is no endpoint: resolve names first`)
}

/** @throws MeshError `MESH_CONFIG_INVALID` when no interface can be named so, TypeError for the rest. */
export function checkSettings ({ name, address, listenPort, owner }: WgSettings): void {
  if (!interfaceName.test(name)) throw new MeshError('MESH_CONFIG_INVALID', `No interface can be named "${name}". Set "interface" of plugin-wireguard to 1 to 15 letters, digits or any of _=+.- .`)
  if (!isIPv6(address) || !isPort(listenPort)) throw new TypeError(`"${address}" port ${listenPort} is no tunnel address and port`)
  if (!/^[\w:. -]{1,255}$/.test(owner)) throw new TypeError('an owner is 1 to 255 letters, digits, spaces or any of _:.-')
}

/** As WireGuard writes it: `192.0.2.1:51820`, `[2001:db8::1]:51820`. */
export function formatEndpoint ({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

/** The reverse of `formatEndpoint`; nothing for WireGuard's `(none)`. */
export function parseEndpoint (text: string | undefined): Address | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d+)$/.exec(text ?? '') ?? []
  const host = bracketed ?? plain
  return host === undefined ? undefined : { host, port: Number(port) }
}

/** True when both are one place, however its address is written. */
export function sameEndpoint (one: Address, other: Address | undefined): boolean {
  return one.port === other?.port && canonicalHost(one.host) === canonicalHost(other.host)
}

/** An IP address as RFC 5952 writes it, which is how the URL standard writes hosts. Those with a zone stay as they are. */
export function canonicalHost (host: string): string {
  return isIPv6(host) && !host.includes('%') ? new URL(`http://[${host}]`).hostname.slice(1, -1) : host
}
