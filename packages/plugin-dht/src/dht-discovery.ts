import { MeshError, type Address, type Clock, type Did, type Discovery, type Identity, type Logger, type PeerCandidate, type Random, type SignedAnnouncement } from '@akshi/core'
import type { AddressPolicy } from './address-policy.ts'
import type { BootstrapAddress } from './bootstrap-address.ts'
import { Calls } from './calls.ts'
import { entryOf, type DhtEntry, type DhtStatus } from './dht-status.ts'
import { JoinWatch, type JoinWatchOptions } from './join-watch.ts'
import type { KadNode } from './kad-node.ts'
import { MemberFinder } from './member-finder.ts'
import { MeshSeal } from './mesh-seal.ts'
import { isPolyfilled } from './polyfill.ts'
import { Publisher } from './publisher.ts'
import { Rendezvous } from './rendezvous.ts'
import { Resolver } from './resolver.ts'

/** What `DhtDiscovery` asks for. */
export interface DhtOptions {
  readonly identity: Identity
  readonly meshId: string
  readonly meshSecret: string | undefined
  /** Off: nothing is opened, nothing is loaded. */
  readonly isOn: boolean
  readonly bootstrap: readonly BootstrapAddress[]
  readonly listen: Address
  readonly external: Address | undefined
  readonly policy: AddressPolicy
  readonly maxConnections: number
  readonly maxRecords: number
  readonly maxInboundPerSec: number
  /** Longest time between two searches for members. */
  readonly maxIntervalMs: number
  /** Time until a member is asked again what it publishes. */
  readonly refreshMs: number
  /** Time to say goodbye in; 0: it is not said. */
  readonly farewellMs: number
  readonly remembered: JoinWatchOptions['remembered']
  /** This node's announcement with no more in it than may be published. */
  readonly reduce: (announcement: SignedAnnouncement) => SignedAnnouncement
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** What runs while the DHT is on. */
interface Running {
  readonly kad: KadNode
  readonly watch: JoinWatch
  readonly publisher: Publisher
  readonly finder: MemberFinder
  readonly resolver: Resolver
}

/**
 * Finds the members of a mesh anywhere, given one node of the DHT, and makes this one findable. What it reports is a claim. It never keeps
 * the node from starting but where it cannot listen; without anybody to ask it goes on trying.
 */
export class DhtDiscovery implements Discovery {
  readonly #options: DhtOptions
  readonly #calls: Calls
  #running: Running | undefined
  #stopping: Promise<void> | undefined

  constructor (options: DhtOptions) {
    this.#options = options
    this.#calls = new Calls(options.clock)
  }

  /** Resolves when the node listens; it joins from then on. Throws `MESH_PORT_IN_USE`, `MESH_CONFIG_INVALID`, and `signal.reason`. */
  async start (report: (candidate: PeerCandidate) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.#options.isOn) return
    // libp2p costs a quarter of a second and 40 MB: only those pay who use it.
    const { KadNode } = await import('./kad-node.ts')
    signal.throwIfAborted()
    const { identity, clock } = this.#options
    const parts: { running?: Running } = {}
    const kad = await KadNode.start({ ...this.#options, identity, clock, calls: this.#calls, greeted: (from, record) => parts.running?.finder.greeted(from, record) ?? new Uint8Array() })
    if (signal.aborted || this.#stopping !== undefined) await kad.stop()
    signal.throwIfAborted()
    this.#running = parts.running = this.#assemble(kad, report)
    this.#running.watch.start()
  }

  /** Resolves at once: publishing goes on by itself. Throws `MESH_ENVELOPE_INVALID` when there is too much to publish. */
  async announce (signed: SignedAnnouncement): Promise<void> {
    if (this.#running === undefined || this.#stopping !== undefined) return
    const { publisher, finder } = this.#running
    const isFirst = publisher.record.length === 0
    if (publisher.announce(this.#options.reduce(signed))) finder.tell({ isFirst })
  }

  /** Says that the node leaves, to those who keep its record. Resolves within a second or two, whoever answers. */
  stop (): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  status (): DhtStatus {
    if (this.#running === undefined) return { state: 'off', isPolyfilled }
    const { kad, watch, publisher, finder } = this.#running
    const { publishedAt } = publisher
    return {
      state: watch.isJoined ? 'joined' : 'joining',
      role: kad.isServer ? 'server' : 'client',
      port: kad.port,
      addresses: kad.addresses,
      nodes: kad.size,
      connections: kad.connections,
      requests: kad.queries.requests,
      members: finder.members.filter(({ announcement }) => announcement !== undefined).length,
      copies: publisher.copies,
      ...publishedAt !== undefined && { publishedAt: new Date(publishedAt).toISOString() },
      records: kad.store.recordCount,
      listings: kad.store.providerCount,
      tries: watch.tries,
      isPolyfilled
    }
  }

  /** Those that are listed as members of this mesh, with what each publishes. */
  members (): readonly DhtEntry[] {
    return this.#running?.finder.members.map(entryOf) ?? []
  }

  /** Asks the DHT for a node. Throws `MESH_NOT_RUNNING` when the DHT is off, `MESH_TIMEOUT`. */
  async lookup (did: Did): Promise<DhtEntry> {
    if (this.#running === undefined) throw new MeshError('MESH_NOT_RUNNING', 'The DHT is off. Set "bootstrap" of plugin-dht, or "serve" on the first node.')
    const { resolver, finder } = this.#running
    const record = await resolver.resolve(did)
    if (record === undefined) return entryOf({ did, error: 'nobody has a record of it' })
    const announcement = finder.read(record)
    return entryOf({ did, source: 'DHT', ...announcement === undefined ? { error: record.content.length === 0 ? 'it has left' : 'its record is of another mesh' } : { announcement } })
  }

  #assemble (kad: KadNode, report: (candidate: PeerCandidate) => void): Running {
    const { meshId, meshSecret, random, clock } = this.#options
    const common = { ...this.#options, kad, seal: new MeshSeal(meshId, meshSecret, random), rendezvous: new Rendezvous(meshId, meshSecret), resolver: new Resolver(kad, clock) }
    const publisher: Publisher = new Publisher({ ...common, memberCount: () => finder.count })
    const finder = new MemberFinder({ ...common, own: () => publisher.record, report: (candidate) => { if (this.#stopping === undefined) report(candidate) } })
    const watch = new JoinWatch({ ...common, joined: () => { publisher.again(); finder.again() } })
    return { kad, watch, publisher, finder, resolver: common.resolver }
  }

  async #stop (): Promise<void> {
    this.#calls.stop()
    if (this.#running === undefined) return
    const { kad, watch, publisher, finder } = this.#running
    await Promise.all([watch.stop(), finder.stop(), publisher.stop()])
    await publisher.farewell()
    await kad.stop()
  }
}
