import { parseEndpoint } from './wg-peer.ts'
import type { WgKey } from './tunnel-key.ts'
import type { WgPeerState } from './wg-device.ts'

/**
 * The peers in what `wg show NAME dump` prints: a line for the interface, then one for each peer, with public key, preshared key,
 * endpoint, allowed addresses, latest handshake in seconds, received and sent bytes, and keepalive, between tabs (wg(8)).
 */
export function parseDump (dump: string): readonly WgPeerState[] {
  return dump.split('\n').slice(1).filter((line) => line !== '').map(parsePeer)
}

function parsePeer (line: string): WgPeerState {
  const [publicKey, , place, allowed = '', handshake, received, sent, keepalive] = line.split('\t')
  const endpoint = parseEndpoint(place)
  return {
    publicKey: publicKey as WgKey,
    address: allowed === '(none)' ? '' : allowed.replace(/\/\d+$/, ''),
    keepaliveSecs: keepalive === 'off' ? 0 : Number(keepalive),
    rxBytes: Number(received),
    txBytes: Number(sent),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(handshake === '0' ? {} : { lastHandshakeMs: Number(handshake) * 1_000 })
  }
}
