import type { Health, PeerPath } from '../control.ts'
import type { Did } from '../did.ts'
import type { PeerBook, PeerView } from '../peer-book.ts'
import type { Tunnels } from '../tunnels.ts'
import type { Carriers } from './carriers.ts'
import type { LinkLoop } from './link-loop.ts'
import { isBetterInside, peerPath } from './peer-path.ts'

export interface PeerPathsOptions {
  readonly peers: Pick<PeerBook, 'get'>
  readonly tunnels: Pick<Tunnels, 'contains' | 'to'>
  readonly carriers: Carriers
  readonly linkTo: (did: Did) => LinkLoop | undefined
  readonly healthOf: (peer: PeerView) => Health
  /** The shared transport that is written for a peer. */
  readonly folderFor: (did: Did) => string | undefined
  /** Why a peer has the link that it has, or none. */
  readonly reasonFor: (did: Did) => string
}

/** The ways that envelopes take to peers, network and all. */
export class PeerPaths {
  readonly #options: PeerPathsOptions
  /** Inside which tunnel a link was opened anew. */
  readonly #movedTo = new Map<Did, string>()

  constructor (options: PeerPathsOptions) {
    this.#options = options
  }

  of (peer: PeerView): PeerPath {
    const { tunnels, linkTo, healthOf, folderFor, reasonFor } = this.#options
    const loop = linkTo(peer.did)
    const works = loop?.status.state === 'up' || loop?.status.state === 'suspect'
    return peerPath({
      health: healthOf(peer),
      ...works && { link: { at: loop.at } },
      tunnel: tunnels.to(peer.did),
      isInTunnel: (host) => tunnels.contains(host),
      carriers: this.#carriersOf(peer.did),
      folder: folderFor(peer.did),
      reason: loop?.status.reason ?? reasonFor(peer.did)
    })
  }

  /**
   * Moves a link over other networks into the tunnel once the peer was met there: once for each place inside, since over a tunnel that does
   * not carry the link would only come back to where it is.
   */
  moveInside ({ did, addresses }: PeerView): void {
    const { tunnels, linkTo } = this.#options
    const loop = linkTo(did)
    const host = addresses[0]?.host
    if (host === undefined || this.#movedTo.get(did) === host || !isBetterInside(loop?.at, addresses, (host) => tunnels.contains(host))) return
    this.#movedTo.set(did, host)
    loop?.renew()
  }

  /** Names of those that this node is in touch with. */
  #carriersOf (did: Did): readonly string[] {
    const { carriers, peers, healthOf } = this.#options
    return carriers.of(did).flatMap((carrier) => {
      const peer = peers.get(carrier)
      return peer?.trust === 'trusted' && healthOf(peer) === 'alive' ? [peer.name] : []
    })
  }
}
