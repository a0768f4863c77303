import type {
  Acknowledgement, Convergence, EntryView, ImportResult, JournalHandle, JournalStats, JournalStatus, NewEntry, NodeControl, NodeStatus, PeerStatus,
  ReadOptions, StateView, TailOptions
} from './control.ts'
import type { Checks, Finding } from './checks.ts'
import type { Clock } from './clock.ts'
import type { NodeSettings } from './cradle.ts'
import { shortDid, type Did } from './did.ts'
import { MeshError } from './errors.ts'
import type { EventLog } from './event-log.ts'
import type { HttpRoutes } from './http-routes.ts'
import { checkJournalName } from './journal-name.ts'
import { JournalControl } from './journal-control.ts'
import type { Journals } from './journal/journals.ts'
import type { EventOptions, MeshEvent } from './mesh-event.ts'
import type { Notices } from './notices.ts'
import type { PeerView } from './peer-book.ts'
import { explainPeer, type PeerExplanation } from './peer-explanation.ts'
import type { Candidates } from './peers/candidates.ts'
import type { KnownPeers, TrustPolicy } from './peers/known-peers.ts'
import type { Durability } from './storage/disk.ts'
import { compareWith, describeConvergence } from './sync/convergence.ts'
import type { Inbox } from './sync/inbox.ts'
import type { LinkLoop } from './sync/link-loop.ts'
import type { Sharing } from './sync/sharing.ts'
import type { Sync } from './sync/sync.ts'
import type { Tunnels } from './tunnels.ts'
import type { Writes } from './write-gate.ts'

export interface ControlOptions {
  readonly own: Did
  readonly settings: NodeSettings
  readonly trustPolicy: TrustPolicy
  readonly journals: Journals
  readonly peers: KnownPeers
  readonly candidates: Candidates
  readonly events: EventLog
  readonly sharing: Sharing
  readonly sync: Sync
  readonly tunnels: Pick<Tunnels, 'to'>
  readonly checks: Pick<Checks, 'run'>
  readonly inbox: Inbox
  readonly durability: Durability
  readonly writes: Writes
  readonly notices: Notices
  readonly httpRoutes: HttpRoutes
  readonly plugins: () => NodeStatus['plugins']
  readonly clock: Clock
}

/** A running node as its operator and agents use it. */
export class Control implements NodeControl {
  readonly #options: ControlOptions
  readonly #startedAt: string
  readonly #journals: JournalControl
  #transport: NodeStatus['transport'] = { active: [], reason: 'starting', since: '' }

  constructor (options: ControlOptions) {
    this.#options = options
    this.#startedAt = this.#now()
    this.#journals = new JournalControl({ ...options, nameOf: (did) => this.#nameOf(did), convergence: (journal) => this.convergence(journal) })
  }

  status (): NodeStatus {
    const { own, settings, trustPolicy, httpRoutes, plugins, notices } = this.#options
    const peers = this.peers()
    return {
      name: settings.name,
      did: own,
      version: settings.version,
      pid: process.pid,
      home: settings.home,
      startedAt: this.#startedAt,
      mesh: { id: settings.meshId, trust: trustPolicy },
      url: httpRoutes.baseUrl ?? '',
      transport: this.#describeTransport(peers),
      peers,
      journals: this.journals(),
      plugins: plugins(),
      shared: [...this.#options.sync.shared.values()].map((loop) => ({ ...loop.status, writing: loop.writing, held: reasonsOf([...loop.session.held.values()]) })),
      notices: notices.all()
    }
  }

  peers (): readonly PeerStatus[] {
    return this.#options.peers.all().map((peer) => this.#peerStatus(peer))
  }

  why (who: string): PeerExplanation {
    const { peers, candidates } = this.#options
    const did = peers.resolve(who)
    const peer = peers.get(did)
    if (peer === undefined) throw new MeshError('MESH_PEER_UNKNOWN', `${did} was never seen here. See "akshi peers" for those who were.`)
    return explainPeer(this.#peerStatus(peer), candidates.triesOf(did))
  }

  doctor (signal?: AbortSignal): Promise<readonly Finding[]> { return this.#options.checks.run(signal) }

  events ({ after, signal }: EventOptions = {}): AsyncIterable<MeshEvent> {
    const { journals: { closing }, events } = this.#options
    return events.follow(after, signal === undefined ? closing : AbortSignal.any([signal, closing]))
  }

  async trust (who: string): Promise<PeerStatus> {
    const { peers } = this.#options
    return this.#peerStatus(await peers.trust(peers.resolve(who)))
  }

  async untrust (who: string): Promise<PeerStatus> {
    const { peers, journals } = this.#options
    const did = peers.resolve(who)
    return this.#peerStatus(await peers.untrust(did, journals.states().filter(({ feed }) => feed.origin === did)))
  }

  journals (): readonly JournalStatus[] { return this.#journals.all() }
  append (journal: string, entries: readonly NewEntry[]): Promise<Acknowledgement> { return this.#journals.append(journal, entries) }
  read (journal: string, options?: ReadOptions): Promise<{ entries: readonly EntryView[], cursor: string }> { return this.#journals.read(journal, options) }
  tail (journal: string, options?: TailOptions): AsyncIterable<{ entry: EntryView, cursor: string }> { return this.#journals.tail(journal, options) }
  journal (name: string): Promise<JournalHandle> { return this.#journals.handle(name) }
  state (journal: string): StateView { return this.#journals.state(journal) }
  patchState (journal: string, patch: unknown): Promise<StateView> { return this.#journals.patchState(journal, patch) }
  stats (journal: string): Promise<JournalStats> { return this.#journals.stats(journal) }
  exportItems (journal: string): AsyncIterable<Uint8Array> { return this.#journals.exportItems(journal) }
  importItems (items: readonly Uint8Array[]): Promise<ImportResult> { return this.#journals.importItems(items) }

  convergence (agent?: string, asker?: Did): Convergence {
    const { peers, sync } = this.#options
    if (agent !== undefined) checkJournalName(agent)
    if (asker === undefined) sync.freshen()                  // who asks again has newer answers
    const trusted = peers.all().filter(({ trust }) => trust === 'trusted')
    const options = { ...this.#options, peers: trusted, linkTo: (did: Did) => sync.linkTo(did), shared: sync.shared, nameOf: (did: Did) => this.#nameOf(did) }
    return describeConvergence(options, { agent, asker })
  }

  #peerStatus (peer: PeerView): PeerStatus {
    const { did, name, trust, trustReason, sources, addresses, seenAt } = peer
    const link = this.#options.sync.linkTo(did)
    const tunnel = this.#options.tunnels.to(did)
    return {
      did,
      name,
      trust,
      trustReason,
      sources,
      addresses,
      ...(seenAt === undefined ? {} : { seenAt: new Date(seenAt).toISOString() }),
      ...(link === undefined ? {} : { link: link.status }),
      ...(tunnel === undefined ? {} : { tunnel }),
      ...(trust === 'trusted' ? { health: this.#options.sync.healthOf(peer), via: this.#options.sync.reachOf(did), path: this.#options.sync.pathOf(peer), ...this.#lagOf(did, link) } : {}),
      ...(link?.session.catchUp === undefined ? {} : { catchUp: link.session.catchUp })
    }
  }

  #lagOf (did: Did, link: LinkLoop | undefined): Pick<PeerStatus, 'lag' | 'converged'> {
    const { journals, sharing } = this.#options
    const mine = journals.states((journal) => sharing.shares(journal, did))
    const difference = compareWith(link, mine, journals, ({ feed }) => sharing.admits(feed.origin) && sharing.shares(feed.journal, did))
    return difference === undefined ? {} : { lag: difference.lag, converged: difference.same && link?.status.state === 'up' }
  }

  #describeTransport (peers: readonly PeerStatus[]): NodeStatus['transport'] {
    const next = summarize(peers, this.#options.sync.shared)
    const same = next.reason === this.#transport.reason && next.active.join() === this.#transport.active.join()
    if (!same) this.#transport = { ...next, since: this.#now() }
    return this.#transport
  }

  #nameOf (did: Did): string {
    const { own, settings, peers } = this.#options
    return did === own ? settings.name : peers.get(did)?.name ?? shortDid(did)
  }

  #now (): string {
    return new Date(this.#options.clock.now()).toISOString()
  }
}

/** Why feeds are held back, each reason once, with how many they are. */
function reasonsOf (holds: readonly { readonly reason: string }[]): NodeStatus['shared'][number]['held'] {
  return [...new Set(holds.map(({ reason }) => reason))].map((reason) => ({ reason, feeds: holds.filter((hold) => hold.reason === reason).length }))
}

function summarize (peers: readonly PeerStatus[], shared: ReadonlyMap<string, LinkLoop>): Omit<NodeStatus['transport'], 'since'> {
  const trusted = peers.filter(({ trust }) => trust === 'trusted')
  const folders = [...shared].filter(([, loop]) => loop.writing)
  const linked = trusted.filter(isLinked)
  const active = [...new Set([...linked.flatMap(({ link }) => link?.transport ?? []), ...folders.map(([name]) => name)])]
  const broken = folders.filter(([, loop]) => loop.status.state === 'down').map(([name, loop]) => `; ${name} does not work: ${loop.status.reason}`).join('')
  const pending = peers.filter(({ trust }) => trust === 'pending').length
  const seen = pending === 0 ? '' : ` (${pending} seen, waiting for "akshi trust")`
  if (trusted.length === 0) return { active, reason: folders.length === 0 ? `no trusted peer is known${seen}, and no shared transport is loaded` : `no trusted peer is known${seen}: the shared folder carries envelopes${broken}` }
  const suspects = trusted.filter(({ link }) => link?.state === 'suspect').length
  const doubt = suspects === 0 ? '' : `, ${suspects} of them suspect`
  if (linked.length === trusted.length) return { active, reason: `${linked.length} of ${trusted.length} trusted peers linked${doubt}` }
  const carried = folders.length === 0 ? '' : `; the shared folder carries envelopes${linked.length === 0 ? '' : ' for the rest'}`
  if (trusted.every(({ link }) => link === undefined)) {
    return { active, reason: `no address of the ${trusted.length} trusted peers is known${folders.length === 0 ? '' : ': the shared folder carries envelopes'}${broken}` }
  }
  const lost = trusted.filter((peer) => !isLinked(peer)).map(({ name, link }) => `${name}: ${link?.reason ?? 'no address known'}`).join(', ')
  return { active, reason: `${linked.length} of ${trusted.length} trusted peers linked${doubt} (${lost})${carried}${broken}` }
}

/** A link that is only suspected is not given up. */
function isLinked ({ link }: PeerStatus): boolean {
  return link?.state === 'up' || link?.state === 'suspect'
}
