import { createIdentity, type Identity } from '../../../packages/core/src/identity.ts'
import { HookBoard } from '../../../packages/core/src/hooks.ts'
import { Journals } from '../../../packages/core/src/journal/journals.ts'
import { Notices } from '../../../packages/core/src/notices.ts'
import { KnownPeers, type ConfiguredPeer } from '../../../packages/core/src/peers/known-peers.ts'
import { TrustStore } from '../../../packages/core/src/peers/trust-store.ts'
import { Inbox } from '../../../packages/core/src/sync/inbox.ts'
import { Receiver, type ReceiverOptions } from '../../../packages/core/src/sync/receiver.ts'
import { Sharing, type AgentSharing } from '../../../packages/core/src/sync/sharing.ts'
import type { SignedAnnouncement } from '../../../packages/core/src/announcement.ts'
import type { LinkSource } from '../../../packages/core/src/transport.ts'
import { lineLogger } from '../../support/line-logger.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

let seed = 1

export interface MeshNodeOptions {
  readonly identity?: Identity
  readonly clock?: VirtualClock
  readonly configured?: readonly ConfiguredPeer[]
  readonly agents?: readonly AgentSharing[]
  readonly contact?: ReceiverOptions['contact']
  readonly hint?: ReceiverOptions['hint']
}

/** The parts of a node that sync is made of, on a folder that is removed in the end. */
export class MeshNode implements AsyncDisposable {
  readonly identity: Identity
  readonly clock: VirtualClock
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

  private constructor (folder: TemporaryFolder, { identity = createIdentity(), clock = new VirtualClock(), configured = [], agents = [], contact = () => {}, hint = () => {} }: MeshNodeOptions) {
    this.#folder = folder
    this.identity = identity
    this.clock = clock
    const { random, log: { logger }, board: { hooks } } = this
    this.notices = new Notices(clock, logger)
    this.journals = new Journals({ folder: folder.join('journals'), meshId: 'mesh', identity, clock, random, logger })
    this.peers = new KnownPeers(identity.did, 'known', new TrustStore(folder.join('trust.json'), clock), clock, configured)
    this.sharing = new Sharing(identity.did, this.peers, agents)
    this.inbox = new Inbox({ meshId: 'mesh', journals: this.journals, sharing: this.sharing, notices: this.notices, announced: (signed, from) => this.announced.push({ signed, from }) })
    this.receiver = new Receiver({ journals: this.journals, sharing: this.sharing, inbox: this.inbox, hooks, contact, hint })
  }

  static async make (options: MeshNodeOptions = {}): Promise<MeshNode> {
    const node = new MeshNode(await temporaryFolder(), options)
    await node.journals.open()
    return node
  }

  get did () { return this.identity.did }
  get hooks () { return this.board.hooks }
  get source () { return { kind: 'peer' as const, did: this.did } }

  /** Appends one envelope an entry. */
  async append (...bodies: readonly unknown[]): Promise<void> {
    await this.appendTo('notes', ...bodies)
  }

  async appendTo (journal: string, ...bodies: readonly unknown[]): Promise<void> {
    for (const body of bodies) await this.journals.get(journal).append([{ body }])
  }

  bodies (journal = 'notes'): unknown[] {
    return this.journals.find(journal)?.read().entries.map(({ body }) => body) ?? []
  }

  /** This node's own envelopes of a journal. */
  envelopes (journal = 'notes'): Uint8Array[] {
    return [...this.journals.feed({ journal, part: 'log', origin: this.did })?.serve(0) ?? []].map(({ bytes }) => bytes)
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
