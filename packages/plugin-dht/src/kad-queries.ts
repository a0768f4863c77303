import { isMeshError, type Did, type Identity } from '@akshi/core'
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { KadDHT, QueryEvent } from '@libp2p/kad-dht'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import * as Digest from 'multiformats/hashes/digest'
import type { Calls } from './calls.ts'
import type { Services } from './libp2p-settings.ts'
import type { NearNodes } from './near-nodes.ts'
import { didFromPeerId } from './peer-names.ts'
import { recordKey, type RecordStore } from './record-store.ts'

export interface KadQueriesOptions {
  readonly libp2p: Libp2p<Services>
  readonly store: RecordStore
  readonly near: NearNodes
  readonly identity: Identity
  readonly calls: Calls
}

/** What kad-dht has and its types do not show. */
interface ContentFetching {
  readonly contentFetching: { getMany (key: Uint8Array, options: { signal: AbortSignal }): AsyncIterable<QueryEvent> }
}

/** A search ends when so many in a row knew of nobody else. */
const enoughInVain = 5
const sha256 = 0x12

/** What a node asks the others of the DHT, each with a deadline. */
export class KadQueries {
  readonly #options: KadQueriesOptions
  #requests = 0

  constructor (options: KadQueriesOptions) {
    this.#options = options
  }

  /** Requests that it has sent, but for those of kad-dht itself. */
  get requests (): number { return this.#requests }

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
    const seen = new Set<string>([this.#options.libp2p.peerId.toString()])
    const take = (peer: PeerId): boolean => {
      if (seen.has(peer.toString())) return false
      seen.add(peer.toString())
      const did = didFromPeerId(peer)
      if (did !== undefined) found(did)
      return true
    }
    for (const peer of this.#options.store.providersOf(cid.multihash.bytes)) take(peerIdFromString(peer))
    let inVain = 0
    await this.#query(limitMs, 'looking for members', (signal) => this.#dht.findProviders(cid, { signal }), (event) => {
      if (event.name !== 'PEER_RESPONSE' || event.from.equals(this.#options.libp2p.peerId)) return false
      const news = event.providers.filter(({ id }) => !seen.has(id.toString()))
      inVain = news.length === 0 ? inVain + 1 : 0
      for (const { id, multiaddrs } of news) void this.#note(id, multiaddrs).then(() => take(id), () => {})
      return false
    }, () => inVain >= enoughInVain)
  }

  get #dht (): KadDHT { return this.#options.libp2p.services.dht }

  async #note (peer: PeerId, multiaddrs: readonly Multiaddr[]): Promise<void> {
    if (multiaddrs.length > 0) await this.#options.libp2p.peerStore.merge(peer, { multiaddrs: multiaddrs.slice(0, 8) })
  }

  /** Runs a query, and counts the events that `counts` says yes to. Whoever does not answer is looked after. Throws `MESH_TIMEOUT` when there was none in time. */
  async #query (limitMs: number, what: string, start: (signal: AbortSignal) => AsyncIterable<QueryEvent>, counts: (event: QueryEvent) => boolean, isEnough = () => false, calls = this.#options.calls): Promise<number> {
    let count = 0
    try {
      await calls.within(limitMs, what, async (signal) => {
        for await (const event of start(signal)) {
          if (event.name === 'SEND_QUERY') this.#requests++
          if (counts(event)) count++
          if (event.name === 'QUERY_ERROR' && !signal.aborted) this.#options.near.suspect(event.from)
          if (isEnough()) return
        }
      })
    } catch (error) {
      if (count === 0 || !isMeshError(error, 'MESH_TIMEOUT')) throw error
    }
    return count
  }
}

function cidOf (key: Uint8Array): CID {
  return CID.createV1(raw.code, Digest.create(sha256, key))
}
