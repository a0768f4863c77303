import { isIP } from 'node:net'
import type { Address, Did, PeerView } from '@akshi/core'
import { isNatKind, type NatKind } from './nat-kind.ts'
import { tunnelAddress } from './tunnel-address.ts'
import { parseWgKey, wgKeyFromBytes, type WgKey } from './tunnel-key.ts'

/** A tunnel that is to be, and where its other end may be. */
export interface WantedTunnel {
  readonly did: Did
  readonly name: string
  readonly publicKey: WgKey
  /** Of the peer, inside. */
  readonly address: string
  /** Outside, the likeliest first; a host may be a name. Empty for a peer that has to come by itself. */
  readonly endpoints: readonly Address[]
  /** Where the peer is to be met through the tunnel, if that is known. */
  readonly meshPort: number | undefined
  /** In front of the peer, as it says. */
  readonly nat: NatKind
}

/** What this plugin adds to announcements, under its name. */
export interface AnnouncedTunnel {
  /** Raw, 32 bytes. */
  readonly key: Uint8Array
  /** UDP port. */
  readonly port: number
  /** What it knows of the NAT in front of it. */
  readonly nat?: NatKind
}

const defaultPort = 51_820

/**
 * The tunnel to a trusted peer that has a key: what runtime.toml says of it comes first, then what it announces. Nothing for a peer
 * without a usable key.
 */
export function wantedTunnel ({ did, name, trust, tunnel, announcement }: PeerView): WantedTunnel | undefined {
  if (trust !== 'trusted') return undefined
  const announced = readAnnounced(announcement?.extra.wireguard)
  const publicKey = keyOf(tunnel?.publicKey, announced)
  if (publicKey === undefined) return undefined
  const configured = parseHostPort(tunnel?.endpoint, announced?.port ?? defaultPort)
  const address = tunnelAddress(publicKey)
  const lan = announced === undefined ? [] : announcement?.addresses.map(({ host }) => ({ host, port: announced.port })) ?? []
  return {
    did,
    name,
    publicKey,
    address,
    endpoints: [...configured === undefined ? [] : [configured], ...lan.filter(({ host }) => host !== address && isOutside(host))],
    meshPort: announcement?.addresses[0]?.port ?? tunnel?.port,
    nat: announced?.nat ?? 'unknown'
  }
}

/** What somebody announced, if it makes sense. */
export function readAnnounced (value: unknown): AnnouncedTunnel | undefined {
  const { key, port, nat } = (value ?? {}) as Partial<Record<keyof AnnouncedTunnel, unknown>>
  if (!(key instanceof Uint8Array) || typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined
  return { key, port, ...isNatKind(nat) && { nat } }
}

function keyOf (configured: string | undefined, announced: AnnouncedTunnel | undefined): WgKey | undefined {
  try {
    if (configured !== undefined) return parseWgKey(configured)
    return announced === undefined ? undefined : wgKeyFromBytes(announced.key)
  } catch {
    return undefined
  }
}

/** `host`, `host:port`, `[v6]` or `[v6]:port`. */
function parseHostPort (text: string | undefined, port: number): Address | undefined {
  const [, bracketed, plain, given] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text ?? '') ?? []
  const host = bracketed ?? plain
  return host === undefined ? undefined : { host, port: given === undefined ? port : Number(given) }
}

/** An address of more than this machine. */
export function isOutside (host: string): boolean {
  return isIP(host) !== 0 && !host.startsWith('127.') && host !== '::1'
}
