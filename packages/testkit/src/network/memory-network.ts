import { MeshError, type Address, type Clock, type Did, type EnvelopeReceiver, type Link, type PeerCandidate, type Plugin, type Random, type SignedAnnouncement } from '@akshi/core'
import { exactMs } from '../exact-ms.ts'
import { discoveryPlugin } from './memory-discovery.ts'
import type { LinkConditions } from './link-conditions.ts'
import { MemoryLink } from './memory-link.ts'
import { transportPlugin } from './memory-transport.ts'
import type { Parcel } from './parcel.ts'
import { Topology } from './topology.ts'
import { TrafficCounter, type NetworkMessage, type Traffic } from './traffic.ts'
import { Ways } from './ways.ts'

/** Who answers under a DID. */
export interface Host {
  readonly did: Did
  readonly receiver: EnvelopeReceiver
  readonly announcement: () => SignedAnnouncement
}

export interface MemoryNetworkOptions {
  readonly clock: Clock
  readonly random: Random
  /** Of every link, unless it has its own. Default: `goodConditions`. */
  readonly conditions?: Partial<LinkConditions>
  /** Decides the fate of single messages: how much later each arrival is, in milliseconds; of a lost one there is none. Default: by chance. */
  readonly fateOf?: ((message: Omit<NetworkMessage, 'fate'>) => readonly number[] | undefined) | undefined
}

const repeatAfterMs = 1_000

/**
 * A network in this process: links with delay, loss, repetition, reorder and bandwidth, partitions and one-way cuts, all
 * to be changed at any time. From one seed and the same calls it does the same. It takes each node's word for its DID.
 */
export class MemoryNetwork {
  readonly clock: Clock
  readonly #ways: Ways
  readonly #topology = new Topology()
  readonly #hosts = new Map<Did, Host>()
  readonly #numbers = new Map<Did, number>()
  /** By host. */
  readonly #dwellers = new Map<string, Did>()
  readonly #announced = new Map<Did, readonly Address[]>()
  readonly #counter = new TrafficCounter()
  readonly #observers = new Set<(message: NetworkMessage) => void>()
  readonly #watchers = new Set<() => void>()
  readonly #fateOf: MemoryNetworkOptions['fateOf']

  constructor ({ clock, random, conditions = {}, fateOf }: MemoryNetworkOptions) {
    this.clock = clock
    this.#fateOf = fateOf
    this.#ways = new Ways(Math.floor(random.uniform() * 2 ** 32), conditions)
  }

  /** A plugin with a transport of reach "peer" and a prober, for the node of this DID. Give each life of a node its own. */
  transport (did: Did): Plugin { return transportPlugin(this, did) }

  /** A plugin with a discovery that finds every node that announced itself and can be reached, for the node of this DID. */
  discovery (did: Did): Plugin { return discoveryPlugin(this, did) }

  /** A link for somebody who is no node of this library. */
  connect (from: Did, to: Did): Link {
    return new MemoryLink(this, from, () => [this.addressOf(to)], to)
  }

  /** Lets somebody answer under its DID, instead of whoever did so far. Returns the way to end that. */
  attach (host: Host): () => void {
    this.#hosts.set(host.did, host)
    this.changed()
    return () => { if (this.isAttached(host)) this.#hosts.delete(host.did) }
  }

  /** Lets nobody answer under a DID any more, nor send what a node of it wanted to send. */
  detach (did: Did): void { this.#hosts.delete(did) }

  isAttached (host: Host): boolean { return this.#hosts.get(host.did) === host }

  /** Who answers under this DID now. */
  host (did: Did): Host | undefined { return this.#hosts.get(did) }

  /** Makes a node findable for the discoveries; `undefined` takes that back. */
  announce (did: Did, addresses: readonly Address[] | undefined): void {
    if (addresses === undefined) this.#announced.delete(did)
    else this.#announced.set(did, addresses)
    this.changed()
  }

  /** Whom a node can find now. */
  announcedTo (did: Did): readonly PeerCandidate[] {
    return [...this.#announced].filter(([other]) => other !== did && this.reaches(other, did)).map(([other, addresses]) => ({ did: other, addresses, onLink: true }))
  }

  /** Where a node of this DID is dialled. */
  addressOf (did: Did): Address {
    const number = this.#numbers.get(did) ?? this.#numbers.size
    this.#numbers.set(did, number)
    this.#dwellers.set(`node-${number}.memory`, did)
    return { host: `node-${number}.memory`, port: 1 }
  }

  /** Whose address this is. */
  atAddress ({ host }: Address): Did | undefined {
    return this.#dwellers.get(host)
  }

  /** Changes the conditions of all links that have none of their own. */
  set (conditions: Partial<LinkConditions>): void { this.#ways.set(conditions) }

  /** Gives the way from one node to another conditions of its own, or takes them back. */
  setLink (from: Did, to: Did, conditions: Partial<LinkConditions> | undefined): void {
    this.#ways.setLink(from, to, conditions)
  }

  conditions (from: Did, to: Did): LinkConditions { return this.#ways.conditions(from, to) }

  /** Parts the nodes: those of different sides do not reach each other. What is on its way between them is lost too. */
  partition (...sides: readonly Iterable<Did>[]): void {
    this.#topology.partition(sides)
    this.changed()
  }

  /** Loses what goes from one node to another; the way back stays. */
  cut (from: Did, to: Did): void { this.#topology.cut(from, to) }

  mend (from: Did, to: Did): void {
    this.#topology.mend(from, to)
    this.changed()
  }

  /** Two nodes never reach each other, whatever is healed. */
  keepApart (one: Did, two: Did): void { this.#topology.keepApart(one, two) }

  /** Ends partitions and cuts. Conditions stay as they are. */
  heal (): void {
    this.#topology.heal()
    this.changed()
  }

  reaches (from: Did, to: Did): boolean { return this.#topology.reaches(from, to) }

  /** What a node has sent and received since `resetTraffic`. */
  traffic (did: Did): Traffic { return this.#counter.of(did) }
  resetTraffic (): void { this.#counter.reset() }

  /** Calls `observer` with each message as it is sent. Returns the way to stop it. */
  onMessage (observer: (message: NetworkMessage) => void): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  /** Calls `watcher` when more nodes may be reachable than before. Returns the way to stop it. */
  onChange (watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Tells the watchers: somebody came, or announced itself. */
  changed (): void {
    for (const watcher of [...this.#watchers]) watcher()
  }

  /** Sends a message: it arrives later, perhaps twice, or never. */
  send (parcel: Parcel): void {
    const { from, to, kind, isAnswer = false, bytes, items = 0, parts = [] } = parcel
    const { loss, repeat } = this.conditions(from, to)
    const { uniform } = this.chance(from, to)
    const [isLost, isRepeated] = [uniform() < loss, uniform() < repeat && kind === 'push' && !isAnswer]
    const message = { at: this.clock.monotonic(), from, to, kind, isAnswer, bytes, items, parts }
    const delayMs = this.#ways.delayMs(from, to, bytes, message.at)
    const isCut = !this.reaches(from, to)
    const arrivals = isCut ? [] : this.#fateOf?.(message) ?? (isLost ? [] : isRepeated ? [0, uniform() * repeatAfterMs] : [0])
    const fate = isCut ? 'cut off' : (['lost', 'carried'] as const)[arrivals.length] ?? 'repeated'
    this.#counter.noteSent(from, bytes)
    for (const observer of this.#observers) observer({ ...message, fate })
    for (const laterMs of arrivals) this.#deliver(parcel, delayMs + laterMs)
  }

  /** Chance of the way from one node to another. */
  chance (from: Did, to: Did): Random { return this.#ways.chance(from, to) }

  #deliver (parcel: Parcel, delayMs: number): void {
    this.clock.timer(exactMs(delayMs), () => {
      if (!this.reaches(parcel.from, parcel.to)) return
      this.#counter.noteReceived(parcel.to, parcel.bytes)
      parcel.arrive()
    })
  }
}

/** The error of a call that got no answer. */
export function unreachable (to: Did, reason: string): MeshError {
  return new MeshError('MESH_PEER_UNREACHABLE', `${to} is not reachable in memory: ${reason}. It is tried again.`)
}
