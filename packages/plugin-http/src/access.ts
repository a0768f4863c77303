import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'
import type { Did, NodeSettings } from '@akshi/core'
import type { Caller } from './caller.ts'
import { RequestError } from './request-error.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** True for 127.0.0.0/8 and ::1, IPv4-mapped forms included. */
export function isLoopback (address: string): boolean {
  return isIP(address) !== 0 && loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/**
 * True when the operator's side of the port may be used over this connection: it comes from this machine (a loopback
 * address, or the very address that it goes to, which no other machine can answer from), or remote use is switched on.
 */
export function isLocal (remoteAddress: string, localAddress: string, remote: boolean): boolean {
  return remote || isLoopback(remoteAddress) || (remoteAddress !== '' && remoteAddress === localAddress)
}

/**
 * Lets a trusted peer through, and returns its DID.
 *
 * @throws RequestError `MESH_NOT_TRUSTED`: 401 without a certificate, else 403.
 */
export function checkMesh ({ secure, did }: Caller, trusts: (did: Did) => boolean): Did {
  if (!secure) throw refuse(403, 'Mesh routes need TLS with a certificate: call https:// with the node key, e.g. curl -k --cert node.crt --key node_key.pem.')
  if (did === undefined) throw refuse(401, 'Mesh routes need the certificate of a trusted node (Ed25519): curl -k --cert node.crt --key node_key.pem.')
  if (!trusts(did)) throw refuse(403, `${did} is not trusted here. If it should be, run on this node: akshi trust ${did}`)
  return did
}

/**
 * Lets the operator through: on this machine, by a name of this machine (DNS rebinding), from no foreign page, and with
 * the token.
 *
 * @throws RequestError 403 `MESH_NOT_TRUSTED` or 401 `MESH_TOKEN_INVALID`.
 */
export function checkLocal (caller: Caller, headers: IncomingHttpHeaders, dashboard: NodeSettings['dashboard']): void {
  if (!isLocal(caller.address, caller.localAddress, dashboard.remote)) {
    throw refuse(403, 'The local API answers this machine only. To use it from others, set dashboard.remote = true.')
  }
  const host = headers.host?.toLowerCase() ?? ''
  if (!hostsOf(caller, dashboard.remote).includes(host)) {
    throw refuse(403, `The Host "${host.slice(0, 80)}" is not this node. Use http://127.0.0.1:${caller.localPort}.`)
  }
  const { origin } = headers
  if (origin !== undefined && origin.toLowerCase() !== `${caller.secure ? 'https' : 'http'}://${host}`) {
    throw refuse(403, `A page of "${origin.slice(0, 80)}" may not use this node's API.`)
  }
  if (!hasToken(caller, headers, dashboard)) {
    throw new RequestError(401, 'MESH_TOKEN_INVALID', 'The local API needs the header "Authorization: Bearer TOKEN". To see the token, run: akshi token', { 'www-authenticate': 'Bearer' })
  }
}

/**
 * True when the request carries the token, or needs none: `dashboard.auth = false` frees this machine alone. Takes the
 * same time for any wrong token.
 */
export function hasToken ({ address, localAddress }: Caller, headers: IncomingHttpHeaders, { auth, token }: NodeSettings['dashboard']): boolean {
  if (!auth && isLocal(address, localAddress, false)) return true
  const given = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
  return timingSafeEqual(sha256(given), sha256(token)) && token !== ''
}

/** The names by which this node may be called; none that somebody's DNS could point here. */
function hostsOf ({ address, localAddress, localPort }: Caller, remote: boolean): string[] {
  const own = localAddress.replace(/^::ffff:(?=\d+\.)/i, '')
  const extra = remote || address === localAddress ? [isIPv6(own) ? `[${own.toLowerCase()}]` : own] : []
  const names = ['localhost', '127.0.0.1', '[::1]', ...extra]
  return [...names.map((name) => `${name}:${localPort}`), ...(localPort === 80 ? names : [])]
}

function refuse (status: number, message: string): RequestError {
  return new RequestError(status, 'MESH_NOT_TRUSTED', message)
}

function sha256 (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
