import { join } from 'node:path'
import type { Checks } from './checks.ts'
import type { Clock } from './clock.ts'
import type { RuntimeConfig } from './config.ts'
import type { NodeStatus } from './control.ts'
import type { NodeSettings } from './cradle.ts'
import type { PeerCandidate } from './discovery.ts'
import type { HomePaths } from './home.ts'
import { HookBoard } from './hooks.ts'
import type { HttpRoutes } from './http-routes.ts'
import type { Identity } from './identity.ts'
import { describeError } from './errors.ts'
import { EventLog } from './event-log.ts'
import type { Fork } from './journal/feed.ts'
import { HybridClock } from './journal/hybrid-clock.ts'
import { Journals } from './journal/journals.ts'
import { SegmentCache } from './journal/log/segment-cache.ts'
import type { Logger } from './logger.ts'
import { NodeAnnouncer } from './node-announcer.ts'
import { addNodeChecks } from './node-checks.ts'
import { Control } from './node-control.ts'
import { MessageCarrier } from './messages/message-carrier.ts'
import { Notices } from './notices.ts'
import { Candidates } from './peers/candidates.ts'
import { takeCarriedAnnouncement } from './peers/carried-announcement.ts'
import { KnownPeers, type ConfiguredPeer } from './peers/known-peers.ts'
import { TrustStore } from './peers/trust-store.ts'
import type { Random } from './random.ts'
import { Carriers } from './sync/carriers.ts'
import { Inbox } from './sync/inbox.ts'
import type { ApplyingMark } from './storage/applying-mark.ts'
import type { Disk } from './storage/disk.ts'
import { Recovery } from './sync/recovery.ts'
import { Receiver } from './sync/receiver.ts'
import { FetchClaims } from './sync/session/fetch-claims.ts'
import { SendGate } from './sync/send-gate.ts'
import { Sharing } from './sync/sharing.ts'
import { Sync } from './sync/sync.ts'
import type { Transport } from './transport.ts'
import type { Tunnels } from './tunnels.ts'
import { WriteGate } from './write-gate.ts'

export interface NodePartsOptions {
  readonly config: RuntimeConfig
  readonly settings: NodeSettings
  readonly identity: Identity
  readonly paths: HomePaths
  readonly disk: Disk
  readonly mark: ApplyingMark
  readonly plugins: () => NodeStatus['plugins']
  readonly httpRoutes: HttpRoutes
  /** Filled by the runtime once the plugins are set up. */
  readonly transports: ReadonlyMap<string, Transport>
  readonly tunnels: Tunnels
  readonly checks: Checks
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Entries of all journals that are kept in memory, about 1 KB each. */
const maxLoadedEntries = 65_536

/** What a node is made of, besides its plugins. Nothing is opened or started yet. */
export type NodeParts = ReturnType<typeof createNodeParts>

/** Makes core's parts and joins them. */
export function createNodeParts (options: NodePartsOptions) {
  const { config: { mesh, agents, journal: { durability } }, settings, identity, paths, plugins, httpRoutes, transports, tunnels, checks, disk, mark, clock, random, logger } = options
  const common = { clock, random, logger }
  const board = new HookBoard(logger)
  const { hooks } = board
  const writes = new WriteGate(hooks)
  const events = new EventLog(clock, random)
  const notices = new Notices(clock, logger, ({ code, message, count }) => events.add('notice', { code, message, count }))
  const trust = new TrustStore(paths.trust, clock)
  const peers = new KnownPeers(identity.did, mesh.trust, trust, clock, mesh.peers.map(configuredPeer))
  const announcer = new NodeAnnouncer({ identity, meshId: mesh.id, name: settings.name, agents: agents.filter(({ share }) => share === undefined).map(({ name }) => name), hooks, clock, logger })     // a name is news to those who do not get it
  const candidates = new Candidates({ did: identity.did, addresses: () => announcer.current().announcement.addresses }, peers, clock, random, logger)
  const report = (candidate: PeerCandidate, source: string): void => {
    takeCarriedAnnouncement(candidate, peers, mesh.id, clock, logger)
    candidates.report(candidate, source)
  }
  const sharing = new Sharing(identity.did, peers, agents)
  const recovery = new Recovery(clock)
  const journals: Journals = new Journals(paths.journals, {
    meshId: mesh.id,
    disk,
    durability,
    mark,
    identity,
    clock,
    hybridClock: new HybridClock(clock, random),
    cache: new SegmentCache(maxLoadedEntries),
    newActor: () => random.bytes(16),
    mayWrite: (feed) => recovery.mayWrite(journals.feed(feed)?.state.tips.length === 0 || journals.feed(feed) === undefined),
    admits: (origin) => sharing.admits(origin),
    forked: reportForks(paths.forks, disk, notices),
    noted: (feed, what) => logger.info(what, { journal: feed.journal, part: feed.part, origin: feed.origin }),
    damaged: (feed, what) => {
      notices.add('MESH_JOURNAL_DAMAGED', `"${feed.journal}" (${feed.part}) of ${feed.origin}: ${what}. What was damaged was set aside; peers send it again`, feed)
      if (feed.origin === identity.did) recovery.need()
    }
  })
  tellOf(events, journals, peers)
  const carriers = new Carriers()
  const inbox = new Inbox({ meshId: mesh.id, journals, sharing, notices, carried: (origin, by) => carriers.note(origin, by), introduced: (did) => { sync.introduced(did); messages.introduced(did) }, message: (bytes, from) => messages.take(bytes, from), announced: heardWith(clock, peers, report), knowsOf: (did, seq) => seq <= (peers.announcementOf(did)?.announcement.seq ?? -1) })
  const gate = new SendGate(hooks, clock)
  const messages: MessageCarrier = new MessageCarrier({
    identity,
    meshId: mesh.id,
    links: { neighbours: (to) => sync.neighbours(to), send: async (to, items, signal) => await sync.linkTo(to)?.send(items, signal) },
    trusts: (did) => peers.trusts(did),
    gate,
    clock,
    logger
  })
  const sync: Sync = new Sync({
    ...common,
    own: identity.did,
    journals,
    peers,
    sharing,
    inbox,
    claims: new FetchClaims(clock),
    carriers,
    hooks,
    gate,
    announcer,
    notices,
    transports,
    tunnels,
    intervalMs: mesh.sync.interval_secs * 1000,
    batchSize: mesh.sync.batch_size,
    maxEnvelopes: mesh.sync.max_lag_before_full_sync,
    newestFirst: mesh.sync.newest_first,
    fanout: mesh.sync.fanout,
    recovery,
    messagesFor: (did) => messages.offersFor(did),
    linkChanged: (to, { transport, state, reason }) => {
      events.add('link', { to: to.kind === 'peer' ? to.did : to.name, transport, state, reason })
      if (to.kind === 'peer' && state === 'up') messages.met(to.did)
    },
    fallbackMs: mesh.sync.fallback_after_secs * 1000
  })
  const receiver = new Receiver({ journals, sharing, inbox, gate, maxEnvelopes: mesh.sync.max_lag_before_full_sync, contact: (from, seen) => sync.contact(from, seen), hint: (from) => sync.hint(from), itemsFor: (from) => sync.itemsFor(from) })
  const control = new Control({ own: identity.did, trustPolicy: mesh.trust, settings, journals, peers, candidates, events, sharing, sync, tunnels, checks, inbox, durability, writes, notices, httpRoutes, plugins, clock })
  addNodeChecks(checks, { control, trust, transports })
  return { board, writes, trust, peers, candidates, report, journals, announcer, sync, messages, receiver, notices, control }
}

/** Tells of peers and journals until these are closed. */
function tellOf (events: EventLog, journals: Journals, peers: KnownPeers): void {
  peers.onChange(({ did, name, trust, trustReason: reason }) => events.add('peer', { did, name, trust, reason }))
  journals.onChange(({ id: { journal: name } }) => events.grew(name, () => {
    const journal = journals.find(name)
    return { name, entries: journal?.count ?? 0, heads: (journal?.heads ?? []).map((head) => Buffer.from(head).toString('hex')).sort() }
  }))
  journals.closing.addEventListener('abort', () => events.close(), { once: true })
}

/** For announcements that peers pass on: news of a known node is noted, and addresses are dialled before they count. */
function heardWith (clock: Clock, peers: KnownPeers, report: (candidate: PeerCandidate, source: string) => void): ConstructorParameters<typeof Inbox>[0]['announced'] {
  return (signed, from) => {
    const { did, seq, issuedAt, expiresAt, addresses } = signed.announcement
    if (expiresAt <= issuedAt) return peers.left(signed)
    if (expiresAt <= clock.now() || seq <= (peers.announcementOf(did)?.announcement.seq ?? 0)) return
    peers.update(signed)
    report({ did, addresses }, from.kind === 'peer' ? 'gossip' : from.name)
  }
}

/** Shows a fork, and keeps both envelopes as the proof of it. */
function reportForks (folder: string, disk: Disk, notices: Notices): (fork: Fork) => void {
  return ({ feed, seq, ids, proof = [] }) => {
    const file = join(folder, `${feed.journal}-${seq}-${ids.map((id) => id.slice(0, 16)).join('-')}.cborseq`)
    disk.makeFolder(folder).then(() => disk.replace(file, proof)).catch((error: unknown) => notices.add('MESH_DISK_FAILED', describeError(error)))
    notices.add('MESH_FEED_FORKED', `${feed.origin} has written envelope ${seq} of "${feed.journal}" (${feed.part}) twice: ${ids.join(' and ')}. A restored backup or a cloned home does that; both lives are kept. Proof: ${file}`)
  }
}

/** A peer of runtime.toml. Without a tunnel it is dialled at its endpoint's host and its dashboard port. */
function configuredPeer ({ name, node_did: did, endpoint, dashboard_port: port, wireguard_public_key: publicKey }: RuntimeConfig['mesh']['peers'][number]): ConfiguredPeer {
  const host = endpoint?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return { did, name, addresses: host === undefined ? [] : [{ host, port }], tunnel: { endpoint, publicKey, port } }
}
