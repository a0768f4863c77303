import type { Address } from '@akshi/core'
import { parseWgKey, type WgKey } from './tunnel-key.ts'
import { isOutside } from './wanted-tunnel.ts'
import { formatEndpoint, parseEndpoint } from './wg-peer.ts'

/** What one node tells another through their tunnel. */
export interface ToldEndpoints {
  /** Where it sees the packets of others come from. */
  readonly peers: readonly (readonly [WgKey, Address])[]
  /** Where it sees those of the other come from. */
  readonly you?: Address
  /** Where it has seen one come from that went to another port of its own. */
  readonly also?: Address
  /** A UDP port at which it waits for such a packet. */
  readonly probe?: number
}

const maxTold = 150
/** Of a datagram. */
const maxBytes = 16_384

export function writeTold ({ peers, you, also, probe }: ToldEndpoints): string {
  return JSON.stringify({
    peers: peers.slice(0, maxTold).map(([key, endpoint]) => [key, formatEndpoint(endpoint)]),
    ...you !== undefined && { you: formatEndpoint(you) },
    ...also !== undefined && { also: formatEndpoint(also) },
    ...probe !== undefined && { probe }
  })
}

/** What makes sense of a datagram; addresses that mean the reader's own machine do not. */
export function readTold (bytes: Uint8Array): ToldEndpoints {
  const { peers, you, also, probe } = parse(bytes)
  const [at, alsoAt] = [readEndpoint(you), readEndpoint(also)]
  return {
    peers: Array.isArray(peers) ? peers.slice(0, maxTold).flatMap(readPeer) : [],
    ...at !== undefined && { you: at },
    ...alsoAt !== undefined && { also: alsoAt },
    ...Number.isInteger(probe) && Number(probe) > 0 && Number(probe) < 65_536 && { probe: Number(probe) }
  }
}

function parse (bytes: Uint8Array): Partial<Record<keyof ToldEndpoints, unknown>> {
  if (bytes.length > maxBytes) return {}
  try {
    return (JSON.parse(Buffer.from(bytes).toString()) ?? {}) as object
  } catch {
    return {}
  }
}

function readPeer (item: unknown): (readonly [WgKey, Address])[] {
  const [key, text] = Array.isArray(item) ? item as unknown[] : []
  const endpoint = readEndpoint(text)
  try {
    return typeof key === 'string' && endpoint !== undefined ? [[parseWgKey(key), endpoint]] : []
  } catch {
    return []
  }
}

function readEndpoint (text: unknown): Address | undefined {
  const endpoint = typeof text === 'string' ? parseEndpoint(text) : undefined
  return endpoint !== undefined && isOutside(endpoint.host) ? endpoint : undefined
}
