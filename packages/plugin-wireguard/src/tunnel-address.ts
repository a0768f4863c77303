import { createHash } from 'node:crypto'
import { wgKeyBytes, type WgKey } from './tunnel-key.ts'
import { canonicalHost } from './wg-peer.ts'

const label = 'akshi-mesh/tunnel/v1'
const uniqueLocal = 0xfd
const addressBytes = 16

/**
 * The one address of a key inside the tunnels: `fd`, then the first 120 bits of SHA-256(label, key). It is a unique local address
 * (RFC 4193), known to all who know the key and coordinated with nobody. As RFC 5952 writes it, without a prefix length, which
 * is always /128. docs/wireguard.md has its collision bound.
 */
export function tunnelAddress (key: WgKey): string {
  const hash = createHash('sha256').update(label).update(wgKeyBytes(key)).digest()
  return formatAddress(Buffer.from([uniqueLocal, ...hash.subarray(0, addressBytes - 1)]))
}

function formatAddress (bytes: Buffer): string {
  const groups = Array.from({ length: addressBytes / 2 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16))
  return canonicalHost(groups.join(':'))
}
