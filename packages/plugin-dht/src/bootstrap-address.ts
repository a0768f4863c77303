import { isIP } from 'node:net'
import { isDid, MeshError, type Address, type Did } from '@akshi/core'

/** A node to join through, as the operator wrote it. */
export interface BootstrapAddress extends Address {
  readonly text: string
  /** Who must answer there: a DID, or a peer id of libp2p. Nothing: anybody may. */
  readonly who?: Did | string
}

const multiaddrForm = /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/\s]+)\/tcp\/(\d{1,5})(?:\/p2p\/(\w+))?$/
const plainForm = /^(?:([^@\s]+)@)?(?:\[([^\]\s]+)\]|([^\s:/[\]]+)):(\d{1,5})$/

/**
 * `host:port`, `DID@host:port` or `/ip4/…/tcp/…[/p2p/…]`, an IPv6 host in brackets.
 *
 * @throws MeshError `MESH_CONFIG_INVALID`.
 */
export function parseBootstrap (text: string): BootstrapAddress {
  const [, host, port, peer] = multiaddrForm.exec(text) ?? []
  if (host !== undefined) return checked(text, host, Number(port), peer)
  const [, did, bracketed, plain, plainPort] = plainForm.exec(text) ?? []
  if (did !== undefined && !isDid(did)) throw invalid(text, `"${did}" is no DID`)
  return checked(text, bracketed ?? plain ?? '', Number(plainPort), did)
}

/** `host:port` of an IP address, or nothing for an empty text. Throws `MESH_CONFIG_INVALID`. */
export function parseExternal (text: string): Address | undefined {
  if (text === '') return undefined
  const { host, port } = parseBootstrap(text)
  if (isIP(host) === 0) throw invalid(text, 'the host must be an IP address')
  return { host, port }
}

function checked (text: string, host: string, port: number, who: string | undefined): BootstrapAddress {
  if (host === '' || !(port > 0 && port < 65_536)) throw invalid(text, 'expected DID@host:port, host:port or /ip4/ADDRESS/tcp/PORT/p2p/ID')
  return { text, host, port, ...who !== undefined && { who } }
}

function invalid (text: string, reason: string): MeshError {
  return new MeshError('MESH_CONFIG_INVALID', `plugin-dht: "${text.slice(0, 200)}" is no usable address: ${reason}.`)
}
