import { describeError, MeshError, type Address, type Clock, type Did, type Identity } from '@akshi/core'
import type { Libp2p } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { nowhere, type AddressPolicy } from './address-policy.ts'
import type { BootstrapAddress } from './bootstrap-address.ts'
import type { Calls } from './calls.ts'
import { Greeting } from './greeting.ts'
import { addressOf, isDialable, libp2pSettings, publicAddresses, type Services } from './libp2p-settings.ts'
import { KadQueries } from './kad-queries.ts'
import { NearNodes } from './near-nodes.ts'
import { didFromPeerId, peerIdFromDid } from './peer-names.ts'
import { RecordStore } from './record-store.ts'

/** What a `KadNode` asks for. */
export interface KadSettings {
  readonly identity: Identity
  readonly listen: Address
  /** Where a NAT forwards to it. */
  readonly external: Address | undefined
  readonly policy: AddressPolicy
  readonly maxConnections: number
  readonly maxRecords: number
  /** Connections that one address may open in a second. */
  readonly maxInboundPerSec: number
  /** Another node has shown its record, possibly empty, and gets what this returns. */
  readonly greeted: (from: Did, record: Uint8Array) => Uint8Array
  readonly calls: Calls
  readonly clock: Clock
}

/** The same, with where the node can be dialled now. */
export interface KadOptions extends KadSettings {
  readonly announced: () => readonly Multiaddr[]
}

/** Another node of the DHT, and where it can be dialled. */
export interface KnownNode {
  /** As libp2p names it. */
  readonly peer: string
  readonly addresses: readonly string[]
}

const dialMs = 5_000
const stopMs = 2_000

/** libp2p with kad-dht, as the plugin uses it: DIDs in, DIDs out, a deadline on every call. What libp2p's API is, only this module knows. */
export class KadNode {
  readonly store: RecordStore
  /** What it asks the others. */
  readonly queries: KadQueries
  readonly #options: KadSettings
  readonly #libp2p: Libp2p<Services>
  readonly #exempt: Set<string>
  readonly #greeting: Greeting
  readonly #near: NearNodes
  #announced: readonly Address[] = []
  #stopping: Promise<void> | undefined

  private constructor (options: KadSettings, libp2p: Libp2p<Services>, store: RecordStore, exempt: Set<string>) {
    this.#options = options
    this.#libp2p = libp2p
    this.#exempt = exempt
    this.#greeting = new Greeting(libp2p, options.calls, options.greeted, options.clock)
    this.#near = new NearNodes(libp2p, options.calls, options.clock)
    this.store = store
    this.queries = new KadQueries({ ...options, libp2p, store, near: this.#near })
  }

  /** Resolves when it listens. Throws `MESH_PORT_IN_USE`, or `MESH_CONFIG_INVALID` when it cannot listen there. */
  static async start (options: KadSettings): Promise<KadNode> {
    const { identity, listen, clock, maxRecords } = options
    const store = new RecordStore({ own: peerIdFromDid(identity.did).toMultihash().bytes, maxRecords, clock })
    const exempt = new Set<string>()
    const made: { node?: KadNode } = {}
    const announced = () => made.node?.multiaddrs() ?? []
    const libp2p = await createLibp2p<Services>(libp2pSettings({ ...options, announced }, store, exempt)).catch((cause: unknown) => { throw cannotListen(listen, cause) })
    const node = made.node = new KadNode(options, libp2p, store, exempt)
    await node.#greeting.answer()
    await node.look()
    return node
  }

  /** Nodes in the routing table. */
  get size (): number { return this.#near.size }
  get connections (): number { return this.#libp2p.getConnections().length }
  /** True when it keeps records for others: when somebody can dial it. */
  get isServer (): boolean { return this.#dht.getMode() === 'server' }
  /** Where others are told to dial it; `nowhere` when they cannot. */
  get addresses (): readonly Address[] { return this.#announced }
  /** TCP port that it listens on. */
  get port (): number {
    const [address] = this.#libp2p.services.listeners.addresses()
    return Number(address?.getComponents().find(({ name }) => name === 'tcp')?.value ?? 0)
  }

  /** As libp2p hands them on. */
  multiaddrs (): readonly Multiaddr[] {
    return this.#announced.map((address) => addressOf(address, this.#libp2p.peerId))
  }

  /** Calls `listener` whenever a node comes into the routing table, until the end. */
  onNode (listener: () => void): void {
    this.#near.onAdd(listener)
  }

  /** Looks where the node can be dialled now. One that nobody can dial keeps nothing for others. */
  async look (): Promise<void> {
    const { listen: { host }, external, policy } = this.#options
    this.#announced = publicAddresses({ host, port: this.port }, external, policy)
    await this.#dht.setMode(this.#announced.every(({ host: each }) => each === nowhere.host) ? 'client' : 'server')
  }

  /** Dials a node and takes it into the routing table. Rejects with why that was not possible. */
  async join ({ host, port, who }: BootstrapAddress): Promise<void> {
    const address = addressOf({ host, port }, who === undefined ? undefined : who.startsWith('did:') ? peerIdFromDid(who as Did) : peerIdFromString(who))
    this.#exempt.add(address.toString())
    await this.#joinAt(address)
  }

  /** As `join`, for a node that was known before. */
  async rejoin ({ peer, addresses: [address = ''] }: KnownNode): Promise<void> {
    await this.#joinAt(multiaddr(address.includes('/p2p/') ? address : `${address}/p2p/${peer}`))
  }

  /** Some of those in the routing table. */
  neighbours (limit: number): readonly Did[] {
    return this.#near.all.slice(0, limit).flatMap((peer) => didFromPeerId(peer) ?? [])
  }

  /** Those of the routing table that can be dialled, with their addresses. */
  async knownNodes (limit: number): Promise<readonly KnownNode[]> {
    const found = await Promise.all(this.#near.all.slice(0, limit).map(async (peer) => {
      const { addresses } = await this.#libp2p.peerStore.get(peer).catch(() => ({ addresses: [] }))
      return { peer: peer.toString(), addresses: addresses.filter(({ multiaddr }) => isDialable(multiaddr, this.#options.policy)).map(({ multiaddr }) => multiaddr.toString()) }
    }))
    return found.filter(({ addresses }) => addresses.length > 0)
  }

  /** Takes those out of the routing table that do not answer: kad-dht keeps them. Resolves to how many. */
  async sweep (): Promise<number> {
    this.store.sweep()
    return await this.#near.sweep()
  }

  /** Shows a node this one's record. Resolves to what it shows in turn, possibly nothing. */
  async greet (did: Did, record: Uint8Array): Promise<Uint8Array> {
    return await this.#greeting.greet(did, record)
  }

  /** Resolves when nothing is open any more, at the latest after two seconds. Another call waits for the first. */
  stop (): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  get #dht (): KadDHT { return this.#libp2p.services.dht }

  async #joinAt (address: Multiaddr): Promise<void> {
    await this.#options.calls.within(dialMs, `dialling ${address.toString()}`, async (signal) => {
      const { remotePeer } = await this.#libp2p.dial(address, { signal })
      await this.#near.add(remotePeer, signal)
    })
  }

  async #stop (): Promise<void> {
    const late = this.#options.clock.timer(stopMs, () => end?.())
    let end: (() => void) | undefined
    await Promise.race([this.#libp2p.stop(), new Promise<void>((resolve) => { end = resolve })])
    late.cancel()
  }
}

function cannotListen ({ host, port }: Address, cause: unknown): MeshError {
  const reason = describeError(cause)
  if (reason.includes('EADDRINUSE')) return new MeshError('MESH_PORT_IN_USE', `Something listens on port ${port} already. Set another "listen_port" of plugin-dht, or stop it.`, { cause })
  return new MeshError('MESH_CONFIG_INVALID', `The DHT cannot listen on ${host} port ${port}: ${reason}. Correct "bind" and "listen_port" of plugin-dht.`, { cause })
}
