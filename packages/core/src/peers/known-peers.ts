import type { Address, SignedAnnouncement } from '../announcement.ts'
import type { Clock } from '../clock.ts'
import type { Did } from '../did.ts'
import { MeshError } from '../errors.ts'
import type { PeerBook, PeerView } from '../peer-book.ts'
import { judge, sameAddress, unmet, viewOf, type ConfiguredPeer, type Judgement, type KnownPeer, type TrustPolicy } from './known-peer.ts'
import { resolvePeer } from './peer-name.ts'
import type { Cut, TrustStore } from './trust-store.ts'

export type { ConfiguredPeer, TrustPolicy } from './known-peer.ts'

/** A dial or a request that showed who is at an address. */
export interface Meeting {
  readonly did: Did
  readonly address: Address
  readonly source: string
  readonly onLink: boolean
  readonly announcement: SignedAnnouncement
}

const maxStrangers = 1_000
const maxAddresses = 8
/** For so long requests may still come that a peer made before it said goodbye. */
const leavingMs = 2_000
const strangerLifetimeMs = 600_000

/** Every node this one has met or was told of in its configuration, and whether it is trusted. */
export class KnownPeers implements PeerBook {
  readonly #own: Did
  readonly #policy: TrustPolicy
  readonly #store: TrustStore
  readonly #clock: Clock
  readonly #peers = new Map<Did, KnownPeer>()
  readonly #listeners = new Set<(peer: PeerView) => void>()

  constructor (own: Did, policy: TrustPolicy, store: TrustStore, clock: Clock, configured: readonly ConfiguredPeer[]) {
    this.#own = own
    this.#policy = policy
    this.#store = store
    this.#clock = clock
    for (const peer of configured) {
      if (peer.did === own) continue
      this.#peers.set(peer.did, unmet(peer.did, peer))
    }
  }

  get (did: Did): PeerView | undefined {
    this.#recall()
    const peer = this.#peers.get(did)
    return peer === undefined ? undefined : this.#view(peer)
  }

  all (): readonly PeerView[] {
    this.#recall()
    this.#forgetStrangers()
    return [...this.#peers.values()].map((peer) => this.#view(peer)).sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : a.did < b.did ? -1 : 1)
  }

  trusts (did: Did): boolean {
    const peer = this.#peers.get(did)
    if (peer !== undefined) return this.#judge(peer)[0] === 'trusted'
    return this.#store.get(did) === 'trusted'
  }

  /** What the operator calls a node: as configured, else as it was called when it was trusted. No node can give itself this name. */
  operatorNameOf (did: Did): string | undefined {
    return this.#peers.get(did)?.configured?.name ?? this.#store.nameOf(did)
  }

  /** The newest announcement of a peer, as it was signed. */
  announcementOf (did: Did): SignedAnnouncement | undefined {
    return this.#peers.get(did)?.signed
  }

  /** Notes that a node was met. Tells the listeners when that is news: a new peer, address, announcement or trust. */
  met ({ did, address, source, onLink, announcement }: Meeting): void {
    if (did === this.#own) return
    const peer = this.#peers.get(did) ?? this.#add(did)
    const before = JSON.stringify([this.#judge(peer), peer.addresses, [...peer.sources], peer.signed?.announcement.seq, peer.leftAt])
    peer.sources.add(source)
    peer.onLink ||= onLink
    peer.seenAt = this.#clock.now()
    peer.leftAt = undefined
    if (announcement.announcement.seq >= (peer.signed?.announcement.seq ?? 0)) peer.signed = announcement
    peer.addresses = [address, ...peer.addresses.filter((known) => !sameAddress(known, address))].slice(0, maxAddresses)
    const after = JSON.stringify([this.#judge(peer), peer.addresses, [...peer.sources], peer.signed?.announcement.seq, peer.leftAt])
    if (before !== after) this.#tell(peer)
  }

  /** Notes a newer announcement of a node that was met before, or that the operator trusts. Its addresses still want a dial. */
  update (signed: SignedAnnouncement): void {
    const peer = this.#peers.get(signed.announcement.did)
    if (peer === undefined || signed.announcement.seq <= (peer.signed?.announcement.seq ?? 0)) return
    if (peer.signed === undefined && this.#judge(peer)[0] !== 'trusted') return
    peer.signed = signed
    peer.leftAt = undefined
    this.#tell(peer)
  }

  /** Notes that a peer showed its key to this node. One that said goodbye a while ago is back. */
  heardFrom (did: Did): void {
    const peer = this.#peers.get(did)
    if (peer === undefined) return
    peer.seenAt = this.#clock.now()
    if (peer.leftAt === undefined || Math.abs(peer.seenAt - peer.leftAt) < leavingMs) return
    peer.leftAt = undefined
    this.#tell(peer)
  }

  /** Notes that a node said goodbye, by an announcement that ends where it begins. */
  left (signed: SignedAnnouncement): void {
    const peer = this.#peers.get(signed.announcement.did)
    if (peer === undefined || signed.announcement.seq <= (peer.signed?.announcement.seq ?? 0)) return
    peer.signed = signed
    peer.leftAt = this.#clock.now()
    this.#tell(peer)
  }

  /**
   * The one node that a DID, the last eight or more characters of one, or a name means.
   *
   * @throws MeshError `MESH_DID_INVALID`, `MESH_PEER_UNKNOWN`, `MESH_PEER_AMBIGUOUS`.
   */
  resolve (who: string): Did {
    return resolvePeer(who, () => [...this.all(), ...this.#store.all()])
  }

  /** Trusts a node at once and for good. Throws `MESH_DISK_FAILED`. */
  async trust (did: Did): Promise<PeerView> {
    const peer = this.#other(did)
    await this.#store.trust(did, this.#store.nameOf(did) ?? this.#freeName(peer))
    this.#tell(peer)
    return this.#view(peer)
  }

  /**
   * Withdraws trust in a node at once and for good, whatever else speaks for it. `cut` is what this node has of its feeds
   * now. Throws `MESH_DISK_FAILED`.
   */
  async untrust (did: Did, cut: Cut): Promise<PeerView> {
    const peer = this.#other(did)
    await this.#store.untrust(did, this.operatorNameOf(did) ?? this.#freeName(peer), cut)
    this.#tell(peer)
    return this.#view(peer)
  }

  /** Calls `listener` with each peer that is new or has changed. Returns the way to stop it. */
  onChange (listener: (peer: PeerView) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A node, known from now on. */
  #other (did: Did): KnownPeer {
    if (did === this.#own) throw new MeshError('MESH_PEER_UNKNOWN', 'That is this node itself, which trusts itself. Give the DID of another node.')
    return this.#peers.get(did) ?? this.#add(did)
  }

  /** The name under which a node is approved: none if the operator calls another so, since a name may be what lets one in. */
  #freeName ({ did, signed }: KnownPeer): string {
    this.#recall()
    const name = signed?.announcement.name ?? ''
    const isTaken = [...this.#peers.keys()].some((other) => other !== did && this.operatorNameOf(other) === name)
    return isTaken ? '' : name
  }

  /** Whoever the operator decided about is known, seen or not. */
  #recall (): void {
    for (const { did } of this.#store.all()) if (!this.#peers.has(did)) this.#add(did)
  }

  #add (did: Did): KnownPeer {
    this.#forgetStrangers()
    const peer = unmet(did)
    this.#peers.set(did, peer)
    return peer
  }

  #tell (peer: KnownPeer): void {
    const view = this.#view(peer)
    for (const listener of this.#listeners) listener(view)
  }

  #judge (peer: KnownPeer): Judgement {
    return judge(peer, this.#store.get(peer.did), this.#policy)
  }

  #view (peer: KnownPeer): PeerView {
    return viewOf(peer, this.operatorNameOf(peer.did), this.#judge(peer))
  }

  /** Strangers cost their inventor nothing, so they are few and short-lived here. */
  #forgetStrangers (): void {
    const oldest = this.#clock.now() - strangerLifetimeMs
    let strangers = 0
    for (const peer of [...this.#peers.values()].reverse()) {
      if (peer.configured !== undefined || this.#store.get(peer.did) !== undefined || this.#judge(peer)[0] !== 'pending') continue
      if (++strangers > maxStrangers - 1 || (peer.seenAt ?? 0) < oldest) this.#peers.delete(peer.did)
    }
  }
}
