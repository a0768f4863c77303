import type { Address } from './announcement.ts'
import type { Did } from './did.ts'

/** A tunnel to a peer, as the operator sees it. */
export interface TunnelStatus {
  /** `up` when a handshake was made lately; `trying` until then. */
  readonly state: 'up' | 'trying'
  /** Of the peer, inside. */
  readonly address: string
  /** `host:port` outside, at which the peer is, or is sought. */
  readonly endpoint?: string
  /** ISO 8601. */
  readonly lastHandshakeAt?: string
  readonly rxBytes: number
  readonly txBytes: number
  /** What is known of the NATs at its two ends: `none`, `cone`, `symmetric`, `nat` (of a kind not known), `blocked` (no UDP), `unknown`. */
  readonly nat?: { readonly here: string, readonly there: string }
  /** Why it is not up, as far as that is known. */
  readonly reason?: string
}

/** The tunnels of a node, as the plugin that makes them describes them. */
export interface TunnelNetwork {
  /** Addresses of this node inside: IPv6 or IPv4, without brackets or zone. */
  readonly own: readonly string[]
  /** Whether a host is an address inside, of whichever node. */
  readonly contains: (host: string) => boolean
  /** The tunnel to a node, if one is wanted. */
  readonly to: (did: Did) => TunnelStatus | undefined
}

/**
 * Tells those who listen and dial of the tunnels of this node. A plugin that makes tunnels joins a network in its service's start,
 * before transports start; they listen at its addresses too, and addresses inside are dialled first.
 */
export class Tunnels {
  readonly #networks = new Set<TunnelNetwork>()

  /** Addresses of this node inside its tunnels. */
  get own (): readonly string[] {
    return [...this.#networks].flatMap(({ own }) => own)
  }

  /** Adds a network. Returns the way to take it out. */
  join (network: TunnelNetwork): () => void {
    this.#networks.add(network)
    return () => this.#networks.delete(network)
  }

  /** The tunnel to a node: of several one that is up. */
  to (did: Did): TunnelStatus | undefined {
    const tunnels = [...this.#networks].flatMap((network) => network.to(did) ?? [])
    return tunnels.find(({ state }) => state === 'up') ?? tunnels[0]
  }

  contains (host: string): boolean {
    return [...this.#networks].some((network) => network.contains(host))
  }
}

/** Addresses inside tunnels before the others, otherwise as they come. */
export function tunnelsFirst (addresses: readonly Address[], tunnels: Pick<Tunnels, 'contains'>): readonly Address[] {
  return [...addresses].sort((a, b) => Number(tunnels.contains(b.host)) - Number(tunnels.contains(a.host)))
}
