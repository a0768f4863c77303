import { MeshError, type Address, type Clock, type Did, type EnvelopeReceiver, type Link, type PeerCandidate, type Plugin, type Random, type SignedAnnouncement } from '@akshi/core'
import { exactMs } from '../exact-ms.ts'
import { discoveryPlugin } from './memory-discovery.ts'
import type { LinkConditions } from './link-conditions.ts'
import { MemoryLink } from './memory-link.ts'
import { transportPlugin } from './memory-transport.ts'
import { Topology } from './topology.ts'
import { TrafficCounter, type MessageKind, type NetworkMessage, type Traffic } from './traffic.ts'
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
}

/** A message on its way. `arrive` is called at each arrival. */
export interface Parcel {
  readonly from: Did
  readonly to: Did
  readonly kind: MessageKind
  readonly isAnswer?: boolean
  readonly bytes: number
  readonly items?: number
  readonly arrive: () => void
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
  readonly #addresses: Did[] = []
  readonly #announced = new Map<Did, readonly Address[]>()
  readonly #counter = new TrafficCounter()
  readonly #observers = new Set<(message: NetworkMessage) => void>()
  readonly #watchers = new Set<() => void>()

  constructor ({ clock, random, conditions = {} }: MemoryNetworkOptions) {
    this.clock = clock
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
    if (!this.#addresses.includes(did)) this.#addresses.push(did)
    return { host: `node-${this.#addresses.indexOf(did)}.memory`, port: 1 }
  }

  /** Whose address this is. */
  atAddress ({ host }: Address): Did | undefined {
    return this.#addresses.find((did) => this.addressOf(did).host === host)
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
    const { from, to, kind, isAnswer = false, bytes, items = 0 } = parcel
    const { loss, repeat } = this.conditions(from, to)
    const { uniform } = this.chance(from, to)
    const [isLost, isRepeated] = [uniform() < loss, uniform() < repeat]
    const fate = !this.reaches(from, to) ? 'cut off' : isLost ? 'lost' : isRepeated && kind === 'push' && !isAnswer ? 'repeated' : 'carried'
    this.#counter.noteSent(from, bytes)
    for (const observer of this.#observers) observer({ at: this.clock.monotonic(), from, to, kind, isAnswer, bytes, items, fate })
    const delayMs = this.#ways.delayMs(from, to, bytes, this.clock.monotonic())
    if (fate === 'lost' || fate === 'cut off') return
    this.#deliver(parcel, delayMs)
    if (fate === 'repeated') this.#deliver(parcel, delayMs + uniform() * repeatAfterMs)
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
