import type { Did } from '../did.ts'
import { describeError } from '../errors.ts'
import type { Feed } from '../journal/feed.ts'
import type { PeerView } from '../peer-book.ts'
import type { FeedState, LinkSource } from '../transport.ts'
import type { LinkLoop } from './link-loop.ts'
import { PeerLinks, type PeerLinkOptions } from './peer-links.ts'
import { SharedLinks, type SharedLinkOptions } from './shared-links.ts'

export interface SyncOptions extends PeerLinkOptions, SharedLinkOptions {}

/** How a peer is reached now, with the reason. */
export interface Reach {
  readonly transport: string | null
  readonly reason: string
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
  #unsubscribe: (() => void)[] = []
  #running = false

  constructor (options: SyncOptions) {
    this.#options = options
    this.#peers = new PeerLinks(options, () => this.#linkChanged())
    this.#shared = new SharedLinks(options, () => this.#linkChanged())
  }

  start (): void {
    const { journals, peers, announcer } = this.#options
    this.#running = true
    this.#shared.start()
    this.#unsubscribe = [journals.onChange((feed) => this.#grew(feed)), peers.onChange((peer) => this.#peerChanged(peer)), announcer.onChange(() => this.#peers.announce())]
    this.#plan()
  }

  /** Resolves when all links are closed. */
  async stop (): Promise<void> {
    this.#running = false
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    await Promise.all([this.#peers.stop(), this.#shared.stop()])
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
    return this.#peers.to(did)?.loop
  }

  /** The shared transports' links, by plugin name. */
  get shared (): ReadonlyMap<string, LinkLoop> { return this.#shared.all }

  /** How envelopes reach a trusted peer. */
  reachOf (did: Did): Reach {
    const link = this.#peers.to(did)
    if (link?.loop.status.state === 'up') return { transport: link.transport, reason: 'its link works' }
    const why = link === undefined ? 'no address of it is known' : link.loop.status.reason
    const folder = this.#peers.sharedFor(did).find((name) => this.shared.get(name)?.writing === true)
    if (folder !== undefined) return { transport: folder, reason: `no link works: ${why}` }
    return { transport: null, reason: why }
  }

  #grew (feed: Feed): void {
    for (const loop of this.#loops) if (loop.session.mayLack(feed)) loop.ring()
  }

  #peerChanged (peer: PeerView): void {
    this.#plan()
    const link = this.#peers.to(peer.did)
    if (link !== undefined && link.loop.status.state !== 'up') link.loop.look()
    this.#peers.announce()
  }

  #linkChanged (): void {
    this.#noteLooked()
    this.#plan()
  }

  get #loops (): readonly LinkLoop[] {
    return [...this.#peers.loops, ...this.shared.values()]
  }

  #loopOf (from: LinkSource): LinkLoop | undefined {
    return from.kind === 'peer' ? this.linkTo(from.did) : this.shared.get(from.name)
  }

  /** Opens and closes links so that they fit the peers, and decides who writes to what is shared. */
  #plan (): void {
    if (!this.#running) return
    const trusted = this.#options.peers.all().filter(({ trust }) => trust === 'trusted')
    this.#peers.plan(trusted)
    this.#shared.plan(trusted, this.#peers, () => this.#plan())
    this.#welcome(trusted)
  }

  /** Others may hold what an origin wrote before it was trusted: ask them all when one is. */
  #welcome (trusted: readonly PeerView[]): void {
    const newcomers = trusted.filter(({ did }) => !this.#trusted.has(did))
    this.#trusted = new Set(trusted.map(({ did }) => did))
    if (newcomers.length === 0) return
    for (const { did } of newcomers) this.#unpark(did)
    for (const loop of this.#loops) loop.look()
  }

  /** What others sent of a node before it was trusted need not be sent again. */
  #unpark (did: Did): void {
    this.#options.journals.unpark(did).catch((error: unknown) => this.#options.notices.add('MESH_DISK_FAILED', describeError(error)))
  }

  /** Whoever can be asked for what this node has lost was asked. */
  #noteLooked (): void {
    const states = this.#loops.map(({ status }) => status.state)
    if (states.includes('up') && !states.includes('connecting')) this.#options.recovery.done()
  }
}
