import { describeError, isMeshError, MeshError, type Address, type Clock, type Did, type Identity } from '@akshi/core'
import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { KadDHT, QueryEvent } from '@libp2p/kad-dht'
import { peerIdFromString } from '@libp2p/peer-id'
import { lpStream } from '@libp2p/utils'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import * as Digest from 'multiformats/hashes/digest'
import { nowhere, type AddressPolicy } from './address-policy.ts'
import { Allowance } from './allowance.ts'
import type { BootstrapAddress } from './bootstrap-address.ts'
import type { Calls } from './calls.ts'
import { maxRecordBytes } from './dht-record.ts'
import { addressOf, isDialable, libp2pSettings, publicAddresses, type Services } from './libp2p-settings.ts'
import { didFromPeerId, peerIdFromDid } from './peer-names.ts'
import { recordKey, RecordStore } from './record-store.ts'

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

/** What kad-dht has and its types do not show. */
interface RoutingTable {
  readonly size: number
  readonly kb: { toIterable (): Iterable<{ readonly peerId: PeerId }> }
  add (peer: PeerId, options: { signal: AbortSignal }): Promise<void>
  remove (peer: PeerId, options: { signal: AbortSignal }): Promise<void>
  addEventListener (type: 'peer:add', listener: () => void): void
}

interface ContentFetching {
  readonly contentFetching: { getMany (key: Uint8Array, options: { signal: AbortSignal }): AsyncIterable<QueryEvent> }
}

const greetingProtocol = '/akshi/hello/1.0.0'
const greetingMs = 3_000
const maxGreetingsPerSec = 50
const dialMs = 5_000
const aliveMs = 3_000
const stallMs = 300
/** A search ends when so many in a row knew of nobody else. */
const enoughInVain = 5
const maxSuspects = 16
const stopMs = 2_000
const sha256 = 0x12

/** libp2p with kad-dht, as the plugin uses it: DIDs in, DIDs out, a deadline on every call. What libp2p's API is, only this module knows. */
export class KadNode {
  readonly store: RecordStore
  readonly #options: KadSettings
  readonly #libp2p: Libp2p<Services>
  readonly #exempt: Set<string>
  readonly #suspects = new Set<string>()
  readonly #greetings: Allowance
  #announced: readonly Address[] = []
  #requests = 0
  #stopping: Promise<void> | undefined

  private constructor (options: KadSettings, libp2p: Libp2p<Services>, store: RecordStore, exempt: Set<string>) {
    this.#options = options
    this.#libp2p = libp2p
    this.#exempt = exempt
    this.#greetings = new Allowance(maxGreetingsPerSec, options.clock)
    this.store = store
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
    await libp2p.handle(greetingProtocol, (stream, connection) => node.#answerGreeting(stream, connection), { maxInboundStreams: 8, maxOutboundStreams: 8 })
    await node.look()
    return node
  }

  /** Nodes in the routing table. */
  get size (): number { return this.#table.size }
  get connections (): number { return this.#libp2p.getConnections().length }
  /** Requests of the DHT that it has sent, but for those of kad-dht itself. */
  get requests (): number { return this.#requests }
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
    this.#table.addEventListener('peer:add', listener)
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

  /** Those of the routing table that can be dialled, with their addresses. */
  async knownNodes (limit: number): Promise<readonly KnownNode[]> {
    const found = await Promise.all(this.#peers().slice(0, limit).map(async (peer) => {
      const { addresses } = await this.#libp2p.peerStore.get(peer).catch(() => ({ addresses: [] }))
      return { peer: peer.toString(), addresses: addresses.filter(({ multiaddr }) => isDialable(multiaddr, this.#options.policy)).map(({ multiaddr }) => multiaddr.toString()) }
    }))
    return found.filter(({ addresses }) => addresses.length > 0)
  }

  /** Takes those out of the routing table that do not answer: kad-dht keeps them. Resolves to how many. */
  async sweep (): Promise<number> {
    this.store.sweep()
    const gone = await Promise.all(this.#peers().map((peer) => this.#dropUnlessAlive(peer)))
    return gone.filter(Boolean).length
  }

  /** Stores this node's record at those nearest to its key. Resolves to how many took it. `calls`: for a last one, after the others have ended. */
  async put (bytes: Uint8Array, limitMs: number, calls = this.#options.calls): Promise<number> {
    const { did } = this.#options.identity
    return await this.#query(limitMs, 'storing this node\'s record', (signal) => this.#dht.put(recordKey(did), bytes, { signal }) as AsyncIterable<QueryEvent>,
      (event) => event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE', () => false, calls)
  }

  /** Gives the valid records of a node to `take`, as they come, until that returns true or there are no more. */
  async records (did: Did, limitMs: number, take: (bytes: Uint8Array) => boolean): Promise<void> {
    let enough = false
    // Not `get`: when that has asked all, it sends the best to those that have another, one by one, and fails when one of them refuses.
    const { contentFetching } = this.#dht as unknown as ContentFetching
    await this.#query(limitMs, `looking up ${did}`, (signal) => contentFetching.getMany(recordKey(did), { signal }), (event) => {
      if (event.name === 'PEER_RESPONSE' && event.record !== undefined) enough ||= take(event.record.value)
      return false
    }, () => enough)
  }

  /** Lists this node under a key. Resolves to how many note that. */
  async provide (key: Uint8Array, limitMs: number): Promise<number> {
    return await this.#query(limitMs, 'listing this node', (signal) => this.#dht.provide(cidOf(key), { signal }),
      (event) => event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER')
  }

  /** Renews a listing no longer; it ends by itself. */
  async withdraw (key: Uint8Array): Promise<void> {
    await this.#dht.cancelReprovide(cidOf(key))
  }

  /** Calls `found` with each node that is listed under a key. Resolves when a few in a row have told nothing new. */
  async providers (key: Uint8Array, limitMs: number, found: (did: Did) => void): Promise<void> {
    const cid = cidOf(key)
    const seen = new Set<string>([this.#libp2p.peerId.toString()])
    const take = (peer: PeerId): boolean => {
      if (seen.has(peer.toString())) return false
      seen.add(peer.toString())
      const did = didFromPeerId(peer)
      if (did !== undefined) found(did)
      return true
    }
    for (const peer of this.store.providersOf(cid.multihash.bytes)) take(peerIdFromString(peer))
    let inVain = 0
    await this.#query(limitMs, 'looking for members', (signal) => this.#dht.findProviders(cid, { signal }), (event) => {
      if (event.name !== 'PEER_RESPONSE' || event.from.equals(this.#libp2p.peerId)) return false
      const news = event.providers.filter(({ id }) => !seen.has(id.toString()))
      inVain = news.length === 0 ? inVain + 1 : 0
      for (const { id, multiaddrs } of news) void this.#note(id, multiaddrs).then(() => take(id), () => {})
      return false
    }, () => inVain >= enoughInVain)
  }

  /** Shows a node this one's record. Resolves to what it shows in turn, possibly nothing. */
  async greet (did: Did, record: Uint8Array): Promise<Uint8Array> {
    return await this.#options.calls.within(greetingMs, `greeting ${did}`, async (signal) => {
      const stream = await this.#libp2p.dialProtocol(peerIdFromDid(did), greetingProtocol, { signal })
      return await closing(stream, signal, async () => {
        const messages = lpStream(stream, { maxDataLength: maxRecordBytes })
        await messages.write(record, { signal })
        return (await messages.read({ signal })).subarray()
      })
    })
  }

  /** Resolves when nothing is open any more, at the latest after two seconds. Another call waits for the first. */
  stop (): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  get #dht (): KadDHT { return this.#libp2p.services.dht }
  get #table (): RoutingTable { return (this.#dht as unknown as { readonly routingTable: RoutingTable }).routingTable }

  #peers (): readonly PeerId[] {
    return [...this.#table.kb.toIterable()].map(({ peerId }) => peerId)
  }

  async #joinAt (address: Multiaddr): Promise<void> {
    await this.#options.calls.within(dialMs, `dialling ${address.toString()}`, async (signal) => {
      const { remotePeer } = await this.#libp2p.dial(address, { signal })
      await this.#table.add(remotePeer, { signal })
    })
  }

  async #note (peer: PeerId, multiaddrs: readonly Multiaddr[]): Promise<void> {
    if (multiaddrs.length > 0) await this.#libp2p.peerStore.merge(peer, { multiaddrs: multiaddrs.slice(0, 8) })
  }

  /** Runs a query, and counts the events that `counts` says yes to. Whoever does not answer is looked after. Throws `MESH_TIMEOUT` when there was none in time. */
  async #query (limitMs: number, what: string, start: (signal: AbortSignal) => AsyncIterable<QueryEvent>, counts: (event: QueryEvent) => boolean, isEnough = () => false, calls = this.#options.calls): Promise<number> {
    let count = 0
    try {
      await calls.within(limitMs, what, async (signal) => {
        for await (const event of start(signal)) {
          if (event.name === 'SEND_QUERY') this.#requests++
          if (counts(event)) count++
          if (event.name === 'QUERY_ERROR' && !signal.aborted) this.#suspect(event.from)
          if (isEnough()) return
        }
      })
    } catch (error) {
      if (count === 0 || !isMeshError(error, 'MESH_TIMEOUT')) throw error
    }
    return count
  }

  /** Asks a node that has failed whether it is still there, so that it does not hold up the next query. */
  #suspect (peer: PeerId): void {
    const name = peer.toString()
    if (this.#suspects.size >= maxSuspects || this.#suspects.has(name)) return
    this.#suspects.add(name)
    void this.#dropUnlessAlive(peer).finally(() => this.#suspects.delete(name))
  }

  /** Takes a node out of the routing table that answers neither of two pings, unless it is this process that is slow. */
  async #dropUnlessAlive (peer: PeerId): Promise<boolean> {
    const { calls, clock } = this.#options
    const beganAt = clock.monotonic()
    if (await this.#answers(peer) || await this.#answers(peer)) return false
    const isSlow = clock.monotonic() - beganAt > 2 * aliveMs + stallMs
    if (isSlow || calls.signal.aborted) return false
    for (const connection of this.#libp2p.getConnections(peer)) connection.abort(new MeshError('MESH_TIMEOUT', 'It does not answer.'))
    await this.#table.remove(peer, { signal: calls.signal }).catch(() => {})
    return true
  }

  async #answers (peer: PeerId): Promise<boolean> {
    const ask = async (signal: AbortSignal) => await this.#libp2p.services.ping.ping(peer, { signal })
    return await this.#options.calls.within(aliveMs, `asking ${peer.toString()}`, ask).then(() => true, () => false)
  }

  async #answerGreeting (stream: Stream, { remotePeer }: Connection): Promise<void> {
    const { calls, greeted } = this.#options
    if (!this.#greetings.take()) return stream.abort(new MeshError('MESH_RATE_LIMITED', 'Too many greet this node.'))
    await calls.within(greetingMs, 'answering a greeting', async (signal) => await closing(stream, signal, async () => {
      const did = didFromPeerId(remotePeer)
      const messages = lpStream(stream, { maxDataLength: maxRecordBytes })
      const record = (await messages.read({ signal })).subarray()
      await messages.write(did === undefined ? new Uint8Array() : greeted(did, record), { signal })
    })).catch(() => {})                                                             // the other side knows
  }

  async #stop (): Promise<void> {
    const late = this.#options.clock.timer(stopMs, () => end?.())
    let end: (() => void) | undefined
    await Promise.race([this.#libp2p.stop(), new Promise<void>((resolve) => { end = resolve })])
    late.cancel()
  }
}

/** Closes a stream when the work with it is done, and ends it at once when that fails. */
async function closing<Result> (stream: Stream, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  try {
    const result = await work()
    await stream.close({ signal })
    return result
  } catch (error) {
    stream.abort(error as Error)
    throw error
  }
}

function cidOf (key: Uint8Array): CID {
  return CID.createV1(raw.code, Digest.create(sha256, key))
}

function cannotListen ({ host, port }: Address, cause: unknown): MeshError {
  const reason = describeError(cause)
  if (reason.includes('EADDRINUSE')) return new MeshError('MESH_PORT_IN_USE', `Something listens on port ${port} already. Set another "listen_port" of plugin-dht, or stop it.`, { cause })
  return new MeshError('MESH_CONFIG_INVALID', `The DHT cannot listen on ${host} port ${port}: ${reason}. Correct "bind" and "listen_port" of plugin-dht.`, { cause })
}
