import { parseEndpoint, formatEndpoint, kickSecs } from './wg-peer.ts'
import { wgKeyBytes, type WgKey } from './tunnel-key.ts'
import type { WgPeer, WgPeerState, WgSettings } from './wg-device.ts'

// The format is that of https://www.wireguard.com/xplatform/. Keys are in hexadecimal there.

/** Sets up a device that has no peers yet. */
export function encodeSettings ({ privateKey, listenPort }: WgSettings): string {
  return lines(['private_key', Buffer.from(privateKey).toString('hex')], ['listen_port', listenPort])
}

export function encodePeer ({ publicKey, address, endpoint, keepaliveSecs }: WgPeer): string {
  return lines(
    ['public_key', toHex(publicKey)], ...(endpoint === undefined ? [] : [['endpoint', formatEndpoint(endpoint)] as const]),
    ['persistent_keepalive_interval', keepaliveSecs], ['replace_allowed_ips', true], ['allowed_ip', `${address}/128`])
}

export function encodeRemoval (publicKey: WgKey): string {
  return lines(['public_key', toHex(publicKey)], ['remove', true])
}

/** Removes and adds in one message. A peer without a keepalive gets one for a moment, since that is what sends the handshake. */
export function encodeReadd (peer: WgPeer): string {
  const again = encodeRemoval(peer.publicKey) + encodePeer({ ...peer, keepaliveSecs: peer.keepaliveSecs || kickSecs })
  return peer.keepaliveSecs === 0 ? again + encodePeer({ ...peer, keepaliveSecs: 0 }) : again
}

/** The peers of an answer to `get=1`. What it does not know it skips, as the format wants it. */
export function parsePeers (answer: string): readonly WgPeerState[] {
  return answer.split(/^(?=public_key=)/m).filter((section) => section.startsWith('public_key=')).map(parsePeer)
}

function parsePeer (section: string): WgPeerState {
  const found = new Map(section.split('\n').map((line) => line.split(/=(.*)/s, 2) as [string, string]))
  const number = (name: string) => Number(found.get(name) ?? 0)
  const endpoint = parseEndpoint(found.get('endpoint'))
  const handshakeMs = number('last_handshake_time_sec') * 1_000 + Math.floor(number('last_handshake_time_nsec') / 1e6)
  return {
    publicKey: Buffer.from(found.get('public_key') ?? '', 'hex').toString('base64') as WgKey,
    address: (found.get('allowed_ip') ?? '').replace(/\/\d+$/, ''),
    keepaliveSecs: number('persistent_keepalive_interval'),
    rxBytes: number('rx_bytes'),
    txBytes: number('tx_bytes'),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(handshakeMs === 0 ? {} : { lastHandshakeMs: handshakeMs })
  }
}

function lines (...pairs: readonly (readonly [string, string | number | boolean])[]): string {
  return pairs.map(([name, value]) => `${name}=${value}\n`).join('')
}

function toHex (key: WgKey): string {
  return Buffer.from(wgKeyBytes(key)).toString('hex')
}
