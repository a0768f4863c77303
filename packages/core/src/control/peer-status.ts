import type { Address } from '../announcement.ts'
import type { Did } from '../did.ts'
import type { Trust } from '../peer-book.ts'
import type { TunnelStatus } from '../tunnels.ts'

/** A link as the operator sees it. */
export interface LinkStatus {
  /** Plugin name of the transport. */
  readonly transport: string
  readonly state: 'up' | 'suspect' | 'connecting' | 'down'
  /** Why it is in this state, for people. */
  readonly reason: string
  /** When it came into this state, ISO 8601. */
  readonly since: string
}

/**
 * Whether a peer lives, as far as this node can tell: from what comes from it, and by asking. `suspect`: it has not answered
 * just now, and is asked again. `left`: it said goodbye. `unknown`: nothing was heard of it yet.
 */
export type Health = 'alive' | 'suspect' | 'down' | 'left' | 'unknown'

/**
 * The way that envelopes take between this node and a peer: `lan`, a link on a network that both are on; `direct`, one over other networks; `tunnel`, one inside
 * a tunnel; `called`, the peer has a link to this node, which has none to it; `via`, other nodes carry them; `folder`, a shared transport does.
 */
export interface PeerPath {
  readonly kind: 'lan' | 'direct' | 'tunnel' | 'called' | 'via' | 'folder' | 'none'
  /** Where the other end is, `host:port`; of a tunnel, outside. */
  readonly at?: string
  /** Names of the nodes that carry them, or of the shared transport. */
  readonly through?: readonly string[]
  /** Why there is no link. */
  readonly reason?: string
}

export interface PeerStatus {
  readonly did: Did
  readonly name: string
  readonly trust: Trust
  readonly trustReason: string
  readonly sources: readonly string[]
  readonly addresses: readonly Address[]
  /** When it was met last, or gave a sign of life. */
  readonly seenAt?: string
  /** Present for trusted peers. */
  readonly health?: Health
  /** Present for trusted peers. */
  readonly link?: LinkStatus
  /** How envelopes reach it now, with the reason: `http`, `fs` or none. */
  readonly via?: { readonly transport: string | null, readonly reason: string }
  /** Present for trusted peers. */
  readonly path?: PeerPath
  /** Present when a tunnel to it is wanted. */
  readonly tunnel?: TunnelStatus
  /** Envelopes that this node has and the peer has not said it has, over the feeds that both admit. */
  readonly lag?: number
  /** True when the peer said that it has exactly what this node has. */
  readonly converged?: boolean
  /** While much is being fetched from it. */
  readonly catchUp?: CatchUp
}

/** How far a node has come that is fetching what it missed. */
export interface CatchUp {
  /** Envelopes that were missing when it began, and that are missing now. */
  readonly from: number
  readonly behind: number
  /** What came in since it began. */
  readonly entries: number
  readonly bytes: number
  readonly startedAt: string
}
