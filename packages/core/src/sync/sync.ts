import { withDeadline } from '../deadline.ts'
import type { Health, PeerPath } from '../control.ts'
import type { Did } from '../did.ts'
import { describeError } from '../errors.ts'
import type { Feed } from '../journal/feed.ts'
import type { PeerView } from '../peer-book.ts'
import type { LinkSource } from '../transport.ts'
import type { Tunnels } from '../tunnels.ts'
import { Callers } from './callers.ts'
import type { Carriers } from './carriers.ts'
import type { LinkLoop } from './link-loop.ts'
import { NewsTeller } from './news-teller.ts'
import { peerHealth } from './peer-health.ts'
import { PeerPaths } from './peer-paths.ts'
import { PeerLinks, type PeerLinkOptions } from './peer-links.ts'
import { Probing } from './probing.ts'
import { reachOver, type Reach } from './reach.ts'
import type { Contact } from './receiver.ts'
import { SharedLinks, type SharedLinkOptions } from './shared-links.ts'

/** Probes in the time between two comparisons. */
const probesAnInterval = 5
const farewellMs = 500
const freshMs = 1_000
/** News is told at first to so many times fewer peers than it is pushed to: enough to see whether it gets round without. */
const toldShare = 4

export interface SyncOptions extends PeerLinkOptions, SharedLinkOptions {
  readonly carriers: Carriers
  readonly tunnels: Pick<Tunnels, 'contains' | 'to'>
  /** Messages for one who asks; taken for sent when it asks again. */
  readonly messagesFor: (did: Did) => Promise<readonly Uint8Array[]>
}

/**
 * Keeps this node in step with every trusted peer: a link to each that can be dialled, and the shared transports, which
 * are always read, and written while there are no peers or one of them has no working link.
 */
export class Sync {
  readonly #options: SyncOptions
  readonly #peers: PeerLinks
  readonly #shared: SharedLinks
  /** As of the last plan. */
  #trusted: ReadonlySet<Did> = new Set()
  readonly #teller: NewsTeller<LinkLoop>
  readonly #probing: Probing
  readonly #callers: Callers
  #unsubscribe: (() => void)[] = []
  readonly #paths: PeerPaths
  /** Where this node said last that it can be met. */
  #places: string | undefined
  #running = false

  constructor (options: SyncOptions) {
    this.#options = options
    const { clock, fanout, intervalMs, journals, peers, announcer } = options
    this.#callers = new Callers(peers, announcer, clock)
    this.#paths = new PeerPaths({
      ...options,
      linkTo: (did) => this.linkTo(did),
      healthOf: (peer) => this.healthOf(peer),
      folderFor: (did) => this.#folderFor(did),
      reasonFor: (did) => this.#peers.reasonFor(did)
    })
    this.#peers = new PeerLinks(options, () => this.#linkChanged())
    this.#shared = new SharedLinks(options, () => this.#linkChanged())
    this.#teller = new NewsTeller(clock, Math.max(1, Math.ceil(fanout / toldShare)), () => this.#peers.told, ({ session }) => journals.feeds().some((feed) => session.mayLack(feed)))
    this.#probing = new Probing(clock, intervalMs / probesAnInterval, () => this.#working.map(({ eager, health: { heardAt, calledAt }, ask }) => ({ heardAt, isOneWay: eager && calledAt === undefined, probe: ask })))
  }

  start (): void {
    const { journals, peers, announcer } = this.#options
    this.#running = true
    this.#shared.start()
    this.#unsubscribe = [journals.onChange((feed) => this.#grew(feed)), peers.onChange((peer) => this.#peerChanged(peer)), announcer.onChange(() => this.#announced())]
    this.#probing.start()
    this.#plan()
  }

  /** Says goodbye to peers that can be reached. Resolves when all links are closed. */
  async stop (): Promise<void> {
    const { clock, announcer } = this.#options
    const wasRunning = this.#running
    this.#running = false
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#probing.stop()
    this.#teller.stop()
    if (wasRunning) await withDeadline(clock, farewellMs, 'saying goodbye', (signal) => this.#peers.sendAll([announcer.farewell().bytes], signal)).catch(() => {})
    await Promise.all([this.#peers.stop(), this.#shared.stop()])
  }

  /** Somebody showed up: what it sent tells what it has, and a link that was down may work now. */
  contact (from: LinkSource, { shown = [], told = [], root }: Contact): void {
    if (from.kind === 'peer') this.#options.peers.heardFrom(from.did)
    const loop = this.#loopOf(from)
    if (loop === undefined) return
    loop.health.called()
    loop.session.note([...shown, ...told])
    if (told.length > 0) loop.expect()
    if (root !== undefined) loop.session.noteRoot(root)
    if ((loop.status.state === 'down' || loop.status.state === 'suspect') && !this.#hasLeft(from)) loop.look()
  }

  /** A peer has introduced itself. */
  introduced (did: Did): void {
    this.#callers.forget(did)
  }

  /** What one who asks is to have that belongs to no feed: over a link that works it gets that without asking. */
  async itemsFor (from: LinkSource): Promise<readonly Uint8Array[]> {
    if (from.kind !== 'peer' || this.linkTo(from.did)?.status.state === 'up') return []
    return [...this.#callers.newsFor(from.did), ...await this.#options.messagesFor(from.did)]
  }

  /** Peers to whom a link works, those first that have brought something of a node. */
  neighbours (of: Did): readonly Did[] {
    const working = this.#peers.working
    const carriers = this.#options.carriers.of(of).filter((did) => working.includes(did))
    return [...carriers, ...working.filter((did) => !carriers.includes(did))]
  }

  /** There may be news at the other end. */
  hint (from: LinkSource): void {
    this.#loopOf(from)?.look()
  }

  /** A transport does not work any more, and is not among the options' `transports`: what went over it goes another way. */
  lost (transport: string): void {
    this.#shared.close(transport)
    this.#plan()
  }

  /** The link to a peer, if it is one that is dialled. */
  linkTo (did: Did): LinkLoop | undefined {
    return this.#peers.to(did)?.loop
  }

  /** The shared transports' links, by plugin name. */
  get shared (): ReadonlyMap<string, LinkLoop> { return this.#shared.all }

  /** Whether a trusted peer lives, as far as this node can tell. */
  healthOf (peer: PeerView): Health {
    const { clock, intervalMs } = this.#options
    return peerHealth(peer, this.linkTo(peer.did), clock, intervalMs)
  }

  /** Asks those peers what they have who have not said so just now, and to whom news is not pushed. Returns at once. */
  freshen (): void {
    const justNow = this.#options.clock.now() - freshMs
    for (const loop of this.#peers.told) if ((loop.session.saidAt ?? 0) < justNow) loop.ask()
  }

  /** How envelopes reach a trusted peer. */
  reachOf (did: Did): Reach {
    return reachOver(this.#peers.to(did), this.#peers.reasonFor(did), this.#folderFor(did))
  }

  /** The way that they take, network and all. */
  pathOf (peer: PeerView): PeerPath {
    return this.#paths.of(peer)
  }

  #folderFor (did: Did): string | undefined {
    return this.#peers.sharedFor(did).find((name) => this.shared.get(name)?.writing === true)
  }

  #grew (feed: Feed): void {
    let isNews = false
    for (const loop of this.#loops) {
      if (!loop.session.mayLack(feed)) continue
      if (loop.eager) loop.ring()
      else isNews = true
    }
    if (isNews) this.#teller.note()
  }

  #peerChanged (peer: PeerView): void {
    this.#plan()
    const loop = this.linkTo(peer.did)
    if (peer.leftAt !== undefined) return loop?.leave()
    if (loop !== undefined && loop.status.state !== 'up') loop.look()
    this.#paths.moveInside(peer)
    this.#peers.announce(false)
  }

  /** This node may be met elsewhere now, so perhaps it can meet others too who were out of reach, and others cannot meet it any more. */
  #announced (): void {
    const places = JSON.stringify(this.#options.announcer.current().announcement.addresses)
    const isMoved = this.#places !== undefined && this.#places !== places
    this.#places = places
    this.#peers.announce(true)
    for (const { status, health, look } of this.#peers.loops) {
      if (isMoved) health.forgetCalls()
      if (status.state !== 'up') look()
    }
  }

  #linkChanged (): void {
    const states = this.#loops.map(({ status }) => status.state)
    // Whoever can be asked for what this node has lost was asked.
    if (states.includes('up') && !states.includes('connecting')) this.#options.recovery.done()
    this.#settle()
  }

  #hasLeft (from: LinkSource): boolean {
    return from.kind === 'peer' && this.#options.peers.get(from.did)?.leftAt !== undefined
  }

  /** Links to peers that work. */
  get #working (): readonly LinkLoop[] {
    return this.#peers.loops.filter(({ status }) => status.state === 'up')
  }

  get #loops (): readonly LinkLoop[] {
    return [...this.#peers.loops, ...this.shared.values()]
  }

  #loopOf (from: LinkSource): LinkLoop | undefined {
    return from.kind === 'peer' ? this.linkTo(from.did) : this.shared.get(from.name)
  }

  /** Opens and closes links so that they fit the peers. */
  #plan (): void {
    if (!this.#running) return
    const trusted = this.#options.peers.all().filter(({ trust }) => trust === 'trusted')
    this.#peers.plan(trusted)
    this.#welcome(trusted)
    this.#settle()
  }

  /** Decides over which links news is pushed. */
  #settle (): void {
    if (!this.#running) return
    this.#peers.chooseEager()
    this.#shared.plan([...this.#trusted], this.#peers, () => this.#settle())
  }

  /** Others may hold what an origin wrote before it was trusted: ask them all when one is. */
  #welcome (trusted: readonly PeerView[]): void {
    const newcomers = trusted.filter(({ did }) => !this.#trusted.has(did))
    this.#trusted = new Set(trusted.map(({ did }) => did))
    if (newcomers.length === 0) return
    // What others sent of a node before it was trusted need not be sent again.
    for (const { did } of newcomers) this.#options.journals.unpark(did).catch((error: unknown) => this.#options.notices.add('MESH_DISK_FAILED', describeError(error)))
    for (const loop of this.#loops) loop.look()
  }
}
