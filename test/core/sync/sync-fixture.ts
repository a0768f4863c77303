import { until, VirtualClock } from '@akshi/testkit'
import type { LinkStatus } from '../../../packages/core/src/control.ts'
import { createIdentity } from '../../../packages/core/src/identity.ts'
import { NodeAnnouncer } from '../../../packages/core/src/node-announcer.ts'
import { Carriers } from '../../../packages/core/src/sync/carriers.ts'
import { FetchClaims } from '../../../packages/core/src/sync/session/fetch-claims.ts'
import { Tunnels } from '../../../packages/core/src/tunnels.ts'
import { Recovery } from '../../../packages/core/src/sync/recovery.ts'
import { Sync } from '../../../packages/core/src/sync/sync.ts'
import type { LinkTarget, Transport } from '../../../packages/core/src/transport.ts'
import { meetingOf, signedBy } from '../peers/peer-fixture.ts'
import { MemoryLink } from './memory-link.ts'
import { MeshNode } from './mesh-node.ts'

export const fallbackMs = 5_000
export const intervalMs = 10_000
export const broken = new Error('connection refused')

/** A transport whose links end at nodes of this process. */
class MemoryTransport implements Transport {
  readonly reach: Transport['reach']
  readonly links: MemoryLink[] = []
  readonly #connect: (target: LinkTarget) => MemoryLink

  constructor (reach: Transport['reach'], connect: (target: LinkTarget) => MemoryLink) {
    this.reach = reach
    this.#connect = connect
  }

  async start (): Promise<void> {}
  async stop (): Promise<void> {}
  async connect (target: LinkTarget): Promise<MemoryLink> {
    const link = this.#connect(target)
    this.links.push(link)
    return link
  }
}

/** A node that syncs: over links of its own with `peers`, and with a folder, which is a node that trusts everybody. */
export class SyncFixture implements AsyncDisposable {
  readonly clock: VirtualClock
  readonly node: MeshNode
  readonly folder: MeshNode
  readonly peers: readonly MeshNode[]
  readonly http: MemoryTransport
  readonly fs: MemoryTransport
  readonly sync: Sync
  readonly announcer: NodeAnnouncer
  readonly recovery: Recovery
  /** Links of the peers in here fail. */
  readonly broken = new Set<MeshNode>()

  private constructor (node: MeshNode, folder: MeshNode, peers: readonly MeshNode[], recovery: Recovery) {
    this.clock = node.clock
    this.node = node
    this.folder = folder
    this.peers = peers
    const { journals, peers: book, sharing, inbox, hooks, notices, clock, random, log: { logger } } = node
    this.http = new MemoryTransport('peer', (target) => this.#linkTo(target))
    this.fs = new MemoryTransport('shared', () => new MemoryLink(folder.receiver, { kind: 'shared', name: 'fs' }))
    this.announcer = new NodeAnnouncer({ identity: node.identity, meshId: 'mesh', name: 'self', agents: [], hooks, clock, logger })
    this.recovery = recovery
    this.sync = new Sync({
      own: node.did, fanout: 8, journals, peers: book, sharing, inbox, claims: new FetchClaims(clock), carriers: new Carriers(), messagesFor: async () => [], tunnels: new Tunnels(), hooks, gate: node.gate, announcer: this.announcer, notices, transports: new Map([['http', this.http], ['fs', this.fs]]), intervalMs, batchSize: 50, maxEnvelopes: 1_000, newestFirst: false, recovery: this.recovery, fallbackMs, clock, random, logger
    })
  }

  static async make (peerCount: number, identity = createIdentity()): Promise<SyncFixture> {
    const clock = new VirtualClock()
    const recovery = new Recovery(clock)
    const node = await MeshNode.make({ identity, clock, recovery, contact: (from, seen) => fixture.sync.contact(from, seen) })
    const [folder, ...peers] = await Promise.all(Array.from({ length: peerCount + 1 }, () => MeshNode.make({ clock })))
    if (folder === undefined) throw new TypeError('one node at least is made')
    for (const peer of [node, ...peers]) await folder.peers.trust(peer.did)
    for (const peer of peers) await peer.peers.trust(node.did)
    const fixture: SyncFixture = new SyncFixture(node, folder, peers, recovery)
    return fixture
  }

  peer (index = 0): MeshNode {
    const peer = this.peers[index]
    if (peer === undefined) throw new RangeError(`there is no peer ${index}`)
    return peer
  }

  /** Trusts a peer, whose address is known or not. */
  async meet (peer = this.peer(), { reachable = true } = {}): Promise<void> {
    if (reachable) this.node.peers.met(meetingOf(peer.did, 'peer', { announcement: signedBy(peer.identity, 'peer') }))
    await this.node.peers.trust(peer.did)
  }

  get writesFolder (): boolean | undefined { return this.sync.shared.get('fs')?.writing }

  /** Resolves when nothing is under way on any of this many links: each waits, and so does the probing. */
  async rest (links: number): Promise<void> {
    await until(() => this.clock.delays.length === links + 1 && this.clock.delays.every((delayMs) => delayMs <= intervalMs))
  }

  /** Resolves when the link to a peer is in this state. */
  async reach (state: LinkStatus['state'], peer = this.peer()): Promise<void> {
    await until(() => this.sync.linkTo(peer.did)?.status.state === state)
  }

  /** Breaks or mends the links of a peer, and lets the node notice: one that worked is suspect then. */
  async setBroken (isBroken: boolean, peer = this.peer()): Promise<void> {
    if (isBroken) this.broken.add(peer)
    else this.broken.delete(peer)
    for (const link of this.http.links) if (link.to === peer.receiver) link.broken = isBroken ? broken : undefined
    this.sync.hint(peer.source)
    await this.reach(isBroken ? 'suspect' : 'up', peer)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.sync.stop()
    for (const node of [this.node, this.folder, ...this.peers]) await node[Symbol.asyncDispose]()
  }

  #linkTo (target: LinkTarget): MemoryLink {
    const peer = this.peers.find(({ did }) => target.kind === 'peer' && did === target.did)
    if (peer === undefined) throw new TypeError('no such peer')
    const link = new MemoryLink(peer.receiver, this.node.source)
    link.broken = this.broken.has(peer) ? broken : undefined
    return link
  }
}
