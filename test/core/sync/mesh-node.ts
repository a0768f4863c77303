import { FaultyDisk, seededRandom, VirtualClock } from '@akshi/testkit'
import { createIdentity, type Identity } from '../../../packages/core/src/identity.ts'
import { SendGate } from '../../../packages/core/src/sync/send-gate.ts'
import { HookBoard } from '../../../packages/core/src/hooks.ts'
import type { ServedItem, ServeOptions } from '../../../packages/core/src/journal/feed.ts'
import type { Journals } from '../../../packages/core/src/journal/journals.ts'
import { Notices } from '../../../packages/core/src/notices.ts'
import { KnownPeers, type ConfiguredPeer } from '../../../packages/core/src/peers/known-peers.ts'
import { TrustStore } from '../../../packages/core/src/peers/trust-store.ts'
import { Inbox } from '../../../packages/core/src/sync/inbox.ts'
import { Receiver, type ReceiverOptions } from '../../../packages/core/src/sync/receiver.ts'
import type { Recovery } from '../../../packages/core/src/sync/recovery.ts'
import { Sharing, type AgentSharing } from '../../../packages/core/src/sync/sharing.ts'
import type { SignedAnnouncement } from '../../../packages/core/src/announcement.ts'
import type { FeedId, LinkSource, Range } from '../../../packages/core/src/transport.ts'
import { lineLogger } from '../../support/line-logger.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'
import { meshId, openShelf } from './journal-shelf.ts'

let seed = 1

export interface MeshNodeOptions {
  readonly identity?: Identity
  readonly clock?: VirtualClock
  readonly disk?: FaultyDisk
  readonly configured?: readonly ConfiguredPeer[]
  readonly agents?: readonly AgentSharing[]
  /** Envelopes that somebody may lack before whole segments are served. */
  readonly maxEnvelopes?: number
  readonly contact?: ReceiverOptions['contact']
  readonly hint?: ReceiverOptions['hint']
  /** What makes this node wait for what others have of its own before it writes on. */
  readonly recovery?: Recovery
}

interface Made { readonly folder: TemporaryFolder, readonly disk: FaultyDisk, readonly journals: Journals, readonly identity: Identity, readonly clock: VirtualClock }

/** The parts of a node that sync is made of, its journals on a disk in memory. */
export class MeshNode implements AsyncDisposable {
  readonly identity: Identity
  readonly clock: VirtualClock
  readonly disk: FaultyDisk
  readonly journals: Journals
  readonly peers: KnownPeers
  readonly sharing: Sharing
  readonly inbox: Inbox
  readonly receiver: Receiver
  readonly notices: Notices
  readonly random = seededRandom(seed++)
  readonly log = lineLogger()
  readonly board = new HookBoard(this.log.logger)
  readonly announced: { readonly signed: SignedAnnouncement, readonly from: LinkSource }[] = []
  readonly #folder: TemporaryFolder

  private constructor ({ folder, disk, journals, identity, clock }: Made, { configured = [], agents = [], maxEnvelopes = 1_000, contact = () => {}, hint = () => {} }: MeshNodeOptions) {
    this.#folder = folder
    this.disk = disk
    this.journals = journals
    this.identity = identity
    this.clock = clock
    this.notices = new Notices(clock, this.log.logger)
    this.peers = new KnownPeers(identity.did, 'known', new TrustStore(folder.join('trust.json'), clock), clock, configured)
    this.sharing = new Sharing(identity.did, this.peers, agents)
    this.inbox = new Inbox({ meshId, journals, sharing: this.sharing, notices: this.notices, knowsOf: () => false, announced: (signed, from) => this.announced.push({ signed, from }) })
    this.receiver = new Receiver({ journals, sharing: this.sharing, inbox: this.inbox, gate: this.gate, maxEnvelopes, contact, hint })
  }

  static async make (options: MeshNodeOptions = {}): Promise<MeshNode> {
    const { identity = createIdentity(), clock = new VirtualClock(), disk = new FaultyDisk(), recovery } = options
    const { journals } = await openShelf({
      disk,
      identity,
      clock,
      random: seededRandom(1_000_000 + seed++),
      admits: (did) => node.sharing.admits(did),
      mayWrite: async (journals, id) => await recovery?.mayWrite((journals.feed(id)?.state.tips.length ?? 0) === 0)
    })
    const node: MeshNode = new MeshNode({ folder: await temporaryFolder(), disk, journals, identity, clock }, options)
    return node
  }

  get did () { return this.identity.did }
  get hooks () { return this.board.hooks }
  get gate () { return new SendGate(this.hooks, this.clock) }
  get source () { return { kind: 'peer' as const, did: this.did } }

  /** Appends one envelope an entry. */
  async append (...bodies: readonly unknown[]): Promise<void> {
    await this.appendTo('notes', ...bodies)
  }

  async appendTo (journal: string, ...bodies: readonly unknown[]): Promise<void> {
    for (const body of bodies) await (await this.journals.get(journal)).append([{ body }])
  }

  /** Sets one key of the state of `notes`. */
  async set (key: string, value: unknown): Promise<void> {
    await (await this.journals.get('notes')).change((draft) => { draft[key] = value })
  }

  async bodies (journal = 'notes'): Promise<unknown[]> {
    return (await this.journals.find(journal)?.read())?.entries.map(({ body }) => body) ?? []
  }

  /** Entries of a journal that are here. */
  count (journal = 'notes'): number {
    return this.journals.find(journal)?.count ?? 0
  }

  /** The state of `notes`. */
  get value (): unknown { return this.journals.find('notes')?.state.value }

  /** This node's own envelopes of a journal. */
  async envelopes (journal = 'notes', part: FeedId['part'] = 'log'): Promise<Uint8Array[]> {
    return (await this.serve({ maxEnvelopes: Infinity }, journal, part)).map(({ bytes }) => bytes)
  }

  /** What this node serves of its own to somebody who has nothing. */
  async serve (options: ServeOptions, journal = 'notes', part: FeedId['part'] = 'log'): Promise<ServedItem[]> {
    const items: ServedItem[] = []
    for await (const item of this.journals.feed(this.rangeOf(journal, part).feed)?.serve([], [], options) ?? []) items.push(item)
    return items
  }

  /** All of a feed of this node. */
  rangeOf (journal = 'notes', part: FeedId['part'] = 'log'): Range {
    return { feed: { journal, part, origin: this.did }, have: [] }
  }

  /** Makes the disk fail at what is asked of it next, so many times. */
  failDisk (times = 1): void {
    this.disk.failAt(this.disk.points + 1, 'ENOSPC', times)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.journals.close()
    await this.#folder[Symbol.asyncDispose]()
  }
}

/** Nodes that trust each other. */
export async function makeMesh (count: number, clock = new VirtualClock()): Promise<MeshNode[] & AsyncDisposable> {
  const nodes = await Promise.all(Array.from({ length: count }, () => MeshNode.make({ clock })))
  for (const node of nodes) for (const other of nodes) if (other !== node) await node.peers.trust(other.did)
  return Object.assign(nodes, { [Symbol.asyncDispose]: async () => { for (const node of nodes) await node[Symbol.asyncDispose]() } })
}
