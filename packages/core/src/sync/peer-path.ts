import type { Address } from '../announcement.ts'
import type { Health, PeerPath } from '../control.ts'
import { isNear } from '../near-hosts.ts'
import type { TunnelStatus } from '../tunnels.ts'

/** What is known of the ways to a peer. */
export interface PathFacts {
  readonly health: Health
  /** Of a link that works: where it leads, if its transport says so. */
  readonly link?: { readonly at: Address | undefined }
  readonly tunnel?: TunnelStatus | undefined
  readonly isInTunnel: (host: string) => boolean
  /** Names of peers that this node is in touch with and that have brought something of it. */
  readonly carriers: readonly string[]
  /** The shared transport that is written for it. */
  readonly folder: string | undefined
  /** Why its link does not work, or why it has none. */
  readonly reason: string
}

/** The way that envelopes take between this node and a trusted peer now: the best that works. */
export function peerPath ({ health, link, tunnel, isInTunnel, carriers, folder, reason }: PathFacts): PeerPath {
  if (link !== undefined) return linkPath(link.at, tunnel, isInTunnel)
  const why = tunnel?.reason ?? (tunnel?.state === 'trying' ? 'a tunnel to it is being tried' : reason)
  if (health === 'alive') return { kind: 'called', reason: `it calls this node, which cannot call it: ${why}` }
  if (health !== 'left' && carriers.length > 0) return { kind: 'via', through: carriers, reason: why }
  if (folder !== undefined) return { kind: 'folder', through: [folder], reason: why }
  return { kind: 'none', reason: why }
}

/** Whether a link over other networks is to be opened anew because the peer was met in its tunnel since: what moves it there keeps it whole when a NAT changes its mind. */
export function isBetterInside (at: Address | undefined, [best]: readonly Address[], isInTunnel: (host: string) => boolean): boolean {
  return at !== undefined && best !== undefined && isInTunnel(best.host) && linkPath(at, undefined, isInTunnel).kind === 'direct'
}

function linkPath (at: Address | undefined, tunnel: TunnelStatus | undefined, isInTunnel: (host: string) => boolean): PeerPath {
  if (at === undefined) return { kind: 'direct' }
  if (isInTunnel(at.host)) return { kind: 'tunnel', ...tunnel?.endpoint !== undefined && { at: tunnel.endpoint } }
  const isHere = at.host === '::1' || at.host.startsWith('127.')
  return { kind: isHere || isNear(at.host) ? 'lan' : 'direct', at: at.host.includes(':') ? `[${at.host}]:${at.port}` : `${at.host}:${at.port}` }
}
