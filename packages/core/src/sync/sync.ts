import type { Clock, Timer } from '../clock.ts'
import type { Did } from '../did.ts'
import { describeError } from '../errors.ts'
import type { Hooks } from '../hooks.ts'
import type { Feed } from '../journal/feed.ts'
import type { Journals } from '../journal/journals.ts'
import type { Logger } from '../logger.ts'
import type { NodeAnnouncer } from '../node-announcer.ts'
import type { Notices } from '../notices.ts'
import type { PeerView } from '../peer-book.ts'
import type { KnownPeers } from '../peers/known-peers.ts'
import type { Random } from '../random.ts'
import type { FeedState, LinkSource, Transport } from '../transport.ts'
import { Greeting } from './greeting.ts'
import type { Recovery } from './recovery.ts'
import type { Inbox } from './inbox.ts'
import { LinkLoop } from './link-loop.ts'
import type { Sharing } from './sharing.ts'
import { planTransports, type TransportPlan } from './transport-plan.ts'

export interface SyncOptions {
  readonly journals: Journals
  readonly peers: KnownPeers
  readonly sharing: Sharing
  readonly inbox: Inbox
  readonly hooks: Hooks
  readonly announcer: NodeAnnouncer
  readonly notices: Notices
  /** By plugin name, in the order of the configuration. */
  readonly transports: ReadonlyMap<string, Transport>
  readonly intervalMs: number
  readonly batchSize: number
  /** Envelopes that may be missing before whole segments go instead. */
  readonly maxEnvelopes: number
  readonly newestFirst: boolean
  readonly recovery: Recovery
  /** How long a peer's link must have been gone before shared transports are written for it. */
  readonly fallbackMs: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** How a peer is reached now, with the reason. */
export interface Reach {
  readonly transport: string | null
  readonly reason: string
}

interface PeerLink { readonly transport: string, readonly loop: LinkLoop, readonly greeting: Greeting }

/**
 * Keeps this node in step with every trusted peer: a link to each that can be dialled, and the shared transports, which
 * are always read, and written while there are no peers or one of them has no working link.
 */
export class Sync {
  readonly #options: SyncOptions
  readonly #links = new Map<Did, PeerLink>()
  readonly #shared = new Map<string, LinkLoop>()
  readonly #plans = new Map<Did, TransportPlan>()
  readonly #closing = new Set<Promise<void>>()
  /** As of the last plan. */
  #trusted: ReadonlySet<Did> = new Set()
  #unsubscribe: (() => void)[] = []
  #timer: Timer | undefined
  #running = false

  constructor (options: SyncOptions) {
    this.#options = options
  }

  start (): void {
    const { journals, peers, transports, announcer } = this.#options
    this.#running = true
    for (const [name, transport] of transports) if (transport.reach === 'shared') this.#openShared(name, transport)
    this.#unsubscribe = [journals.onChange((feed) => this.#grew(feed)), peers.onChange((peer) => this.#peerChanged(peer)), announcer.onChange(() => this.#announce())]
    this.#plan()
  }

  /** Resolves when all links are closed. */
  async stop (): Promise<void> {
    this.#running = false
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#timer?.cancel()
    await Promise.all([...this.#loops().map((loop) => loop.stop()), ...this.#closing])
  }

  /** Somebody showed up: what it sent tells what it has, and a link that was down may work now. */
  contact (from: LinkSource, { shown = [], root }: { readonly shown?: readonly FeedState[], readonly root?: Uint8Array }): void {
    if (from.kind === 'peer') this.#options.peers.heardFrom(from.did)
    const loop = this.#loopOf(from)
    loop?.session.note(shown)
    if (root !== undefined) loop?.session.noteRoot(root)
    if (loop?.status.state === 'down') loop.look()
  }

  /** There may be news at the other end. */
  hint (from: LinkSource): void {
    this.#loopOf(from)?.look()
  }

  /** The link to a peer, if it is one that is dialled. */
  linkTo (did: Did): LinkLoop | undefined {
    return this.#links.get(did)?.loop
  }

  /** The shared transports' links, by plugin name. */
  get shared (): ReadonlyMap<string, LinkLoop> { return this.#shared }

  /** How envelopes reach a trusted peer. */
  reachOf (did: Did): Reach {
    const link = this.#links.get(did)
    if (link?.loop.status.state === 'up') return { transport: link.transport, reason: 'its link works' }
    const why = link === undefined ? 'no address of it is known' : link.loop.status.reason
    const folder = this.#plans.get(did)?.shared.find((name) => this.#shared.get(name)?.writing === true)
    if (folder !== undefined) return { transport: folder, reason: `no link works: ${why}` }
    return { transport: null, reason: why }
  }

  #peerChanged (peer: PeerView): void {
    this.#plan()
    const link = this.#links.get(peer.did)
    if (link !== undefined && link.loop.status.state !== 'up') link.loop.look()
    this.#announce()
  }

  /** Tells all peers what is new about nodes. */
  #announce (): void {
    for (const { greeting, loop } of this.#links.values()) {
      greeting.noteNews()
      loop.ring()
    }
  }

  #grew (feed: Feed): void {
    for (const loop of this.#loops()) if (loop.session.mayLack(feed)) loop.ring()
  }

  #loops (): LinkLoop[] {
    return [...[...this.#links.values()].map(({ loop }) => loop), ...this.#shared.values()]
  }

  #loopOf (from: LinkSource): LinkLoop | undefined {
    return from.kind === 'peer' ? this.linkTo(from.did) : this.#shared.get(from.name)
  }

  /** Opens and closes links so that they fit the peers, and decides who writes to what is shared. */
  #plan (): void {
    if (!this.#running) return
    const trusted = this.#options.peers.all().filter(({ trust }) => trust === 'trusted')
    for (const peer of trusted) this.#planPeer(peer)
    for (const did of this.#links.keys()) if (!trusted.some((peer) => peer.did === did)) this.#close(did)
    this.#planShared(trusted)
    this.#welcome(trusted)
  }

  /** Others may hold what an origin wrote before it was trusted: ask them all when one is. */
  #welcome (trusted: readonly PeerView[]): void {
    const newcomers = trusted.filter(({ did }) => !this.#trusted.has(did))
    this.#trusted = new Set(trusted.map(({ did }) => did))
    if (newcomers.length === 0) return
    for (const { did } of newcomers) this.#unpark(did)
    for (const loop of this.#loops()) loop.look()
  }

  /** What others sent of a node before it was trusted need not be sent again. */
  #unpark (did: Did): void {
    this.#options.journals.unpark(did).catch((error: unknown) => this.#options.notices.add('MESH_DISK_FAILED', describeError(error)))
  }

  #planPeer (peer: PeerView): void {
    const { transports, hooks, notices } = this.#options
    try {
      const plan = planTransports(peer, transports, hooks)
      const link = this.#links.get(peer.did)
      if (link !== undefined && link.transport !== plan.direct) this.#close(peer.did)
      this.#plans.set(peer.did, plan)
      if (this.#links.has(peer.did)) return
      const transport = transports.get(plan.direct ?? '')
      if (plan.direct !== undefined && transport !== undefined) this.#open(peer.did, plan.direct, transport)
      if (plan.direct === undefined && plan.shared.length === 0) notices.add('MESH_TRANSPORT_NONE', `no transport reaches ${peer.name} (${peer.did}): enable one under [[plugins]]`)
    } catch (error) {
      notices.add('MESH_HOOK_FAILED', describeError(error))
    }
  }

  #planShared (trusted: readonly PeerView[]): void {
    const { clock, fallbackMs } = this.#options
    this.#timer?.cancel()
    let soonest = Infinity
    for (const [name, loop] of this.#shared) {
      const waits = trusted.filter(({ did }) => this.#plans.get(did)?.shared.includes(name)).map(({ did }) => {
        const link = this.#links.get(did)?.loop
        if (link?.status.state === 'up') return Infinity
        return link?.lostAt === undefined ? 0 : link.lostAt + fallbackMs - clock.monotonic()
      })
      loop.writing = trusted.length === 0 || waits.some((waitMs) => waitMs <= 0)
      soonest = Math.min(soonest, ...waits.filter((waitMs) => waitMs > 0))
    }
    if (soonest < Infinity) this.#timer = clock.timer(soonest, () => this.#plan())
  }

  #open (did: Did, name: string, transport: Transport): void {
    const { peers, announcer, clock } = this.#options
    const addresses = () => peers.get(did)?.addresses ?? []
    const greeting = new Greeting(did, peers, announcer, clock)
    const loop = this.#loop(name, { kind: 'peer', did }, {
      connect: (signal) => {
        greeting.forget()
        return transport.connect({ kind: 'peer', did, addresses }, signal)
      },
      greeting
    })
    this.#links.set(did, { transport: name, loop, greeting })
    this.#options.recovery.ask()
    loop.start()
  }

  #openShared (name: string, transport: Transport): void {
    const loop = this.#loop(name, { kind: 'shared', name }, {
      connect: (signal) => transport.connect({ kind: 'shared' }, signal)
    })
    this.#shared.set(name, loop)
    loop.start()
  }

  #loop (transport: string, source: LinkSource, way: Pick<ConstructorParameters<typeof LinkLoop>[0], 'connect' | 'greeting'>): LinkLoop {
    const { journals, inbox, hooks, batchSize, maxEnvelopes, newestFirst, intervalMs, clock, random, logger, sharing } = this.#options
    let state = 'connecting'
    const loop: LinkLoop = new LinkLoop({
      ...way,
      transport,
      source,
      title: () => source.kind === 'peer' ? `${this.#options.peers.get(source.did)?.name ?? ''} ${source.did}`.trim() : 'everybody',
      journals,
      inbox,
      hooks,
      batchSize,
      maxEnvelopes,
      newestFirst,
      intervalMs,
      clock,
      random,
      logger,
      shares: (journal) => sharing.sharesOver(journal, source),
      admits: (origin) => sharing.admits(origin),
      changed: () => {
        if (state === loop.status.state) return
        state = loop.status.state
        this.#noteLooked()
        this.#plan()
      }
    })
    return loop
  }

  /** Whoever can be asked for what this node has lost was asked. */
  #noteLooked (): void {
    const states = this.#loops().map(({ status }) => status.state)
    if (states.includes('up') && !states.includes('connecting')) this.#options.recovery.done()
  }

  #close (did: Did): void {
    const closing = this.#links.get(did)?.loop.stop().finally(() => this.#closing.delete(closing as Promise<void>))
    this.#links.delete(did)
    this.#plans.delete(did)
    if (closing !== undefined) this.#closing.add(closing)
  }
}
