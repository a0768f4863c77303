import { createHash } from 'node:crypto'
import { MeshError, type Clock, type Did } from '@akshi/core'
import { NotFoundError } from '@libp2p/interface'
import { Record as Libp2pRecord } from '@libp2p/kad-dht'
import { BaseDatastore } from 'datastore-core'
import { Key, type KeyQuery, type Pair, type Query } from 'interface-datastore'
import { base32 } from 'multiformats/bases/base32'
import { readRecord, type DhtRecord } from './dht-record.ts'

export interface RecordStoreOptions {
  /** Whose store it is: what is near to its key stays longest. Bytes of the peer id. */
  readonly own: Uint8Array
  readonly maxRecords: number
  readonly clock: Clock
}

interface Kept { readonly value: Uint8Array, readonly distance: number }
interface KeptRecord extends Kept { readonly record: DhtRecord }

const recordPrefix = '/dht/record/'
const providerPrefix = '/dht/provider/'
/** A node is listed under one or two keys of its mesh, and meshes it changed. */
const maxProvidedByPeer = 8
const maxPeers = 4_096

/**
 * What libp2p keeps, in memory and within bounds: kad-dht itself overwrites newer records with older ones, keeps what has expired and
 * knows no quota. Of more records and listings than fit those furthest from this node give way, so that a flood of keys displaces little
 * that is looked for here.
 */
export class RecordStore extends BaseDatastore {
  readonly #options: RecordStoreOptions
  readonly #own: Buffer
  readonly #records = new Map<string, KeptRecord>()
  readonly #providers = new Map<string, Kept>()
  readonly #provided = new Map<string, number>()
  readonly #others = new Map<string, Uint8Array>()

  constructor (options: RecordStoreOptions) {
    super()
    this.#options = options
    this.#own = sha256(options.own)
  }

  get recordCount (): number { return this.#records.size }
  get providerCount (): number { return this.#providers.size }

  /** True unless a record is kept that is newer, or the same with a later end. */
  isNews ({ did, seq, expiresAt }: DhtRecord): boolean {
    const known = this.record(did)
    return known === undefined || seq > known.seq || (seq === known.seq && expiresAt >= known.expiresAt)
  }

  /** The record that is kept of a node, unless it has expired. */
  record (did: Did): DhtRecord | undefined {
    return this.#live(recordPath(did))?.record
  }

  /** Its bytes, as they were signed. */
  recordBytes (did: Did): Uint8Array | undefined {
    const kept = this.#live(recordPath(did))
    return kept === undefined ? undefined : Libp2pRecord.deserialize(kept.value).value
  }

  /** Peer ids that are listed under a key here: kad-dht itself gives only twenty of its own. */
  providersOf (multihash: Uint8Array): readonly string[] {
    const prefix = `${providerPrefix}${base32.baseEncode(multihash)}/`
    return [...this.#providers.keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length))
  }

  /** Forgets records that have expired. */
  sweep (): void {
    const now = this.#options.clock.now()
    for (const [path, { record }] of this.#records) if (record.expiresAt <= now) this.#records.delete(path)
  }

  /** @throws MeshError `MESH_ENVELOPE_INVALID` for a record that is older than the one that is kept, `MESH_RATE_LIMITED` over quota. */
  override put (key: Key, value: Uint8Array): Key {
    const path = key.toString()
    if (path.startsWith(recordPrefix)) this.#putRecord(path, value)
    else if (path.startsWith(providerPrefix)) this.#putProvider(path, value)
    else this.#putOther(path, value)
    return key
  }

  override get (key: Key): Uint8Array {
    const path = key.toString()
    const value = path.startsWith(recordPrefix) ? this.#live(path)?.value : this.#providers.get(path)?.value ?? this.#others.get(path)
    if (value === undefined) throw new NotFoundError()
    return value
  }

  override has (key: Key): boolean {
    const path = key.toString()
    return this.#records.has(path) || this.#providers.has(path) || this.#others.has(path)
  }

  override delete (key: Key): void {
    const path = key.toString()
    this.#records.delete(path)
    this.#others.delete(path)
    this.#forgetProvider(path)
  }

  override * _all ({ prefix = '' }: Query): Generator<Pair> {
    if (prefix.startsWith('/dht/provider')) yield * pairs(this.#providers)
    else if (prefix.startsWith('/dht/record')) yield * pairs(this.#records)
    else for (const [path, value] of this.#others) yield { key: new Key(path, false), value }
  }

  override * _allKeys ({ prefix }: KeyQuery): Generator<Key> {
    for (const { key } of this._all(prefix === undefined ? {} : { prefix })) yield key
  }

  #putRecord (path: string, value: Uint8Array): void {
    const { key, value: bytes } = Libp2pRecord.deserialize(value)
    const record = readRecord(bytes)
    if (!this.#records.has(path)) this.#makeRoom(this.#records, this.#options.maxRecords, this.#distance(key))
    else if (!this.isNews(record)) throw new MeshError('MESH_ENVELOPE_INVALID', `A newer record of ${record.did} is kept.`)
    this.#records.set(path, { value, record, distance: this.#distance(key) })
  }

  #putProvider (path: string, value: Uint8Array): void {
    const [name = '', peer = ''] = path.slice(providerPrefix.length).split('/')
    const distance = this.#distance(base32.baseDecode(name))
    if (!this.#providers.has(path)) {
      const count = this.#provided.get(peer) ?? 0
      if (count >= maxProvidedByPeer) throw new MeshError('MESH_RATE_LIMITED', `${peer} is listed under ${count} keys already.`)
      this.#makeRoom(this.#providers, this.#options.maxRecords, distance)
      this.#provided.set(peer, count + 1)
    }
    this.#providers.set(path, { value, distance })
  }

  /** Peers that libp2p remembers; the ones that were longest without a word go first. */
  #putOther (path: string, value: Uint8Array): void {
    this.#others.delete(path)
    this.#others.set(path, value)
    const [oldest = ''] = this.#others.keys()
    if (this.#others.size > maxPeers) this.#others.delete(oldest)
  }

  /** Takes out the furthest of a full map. Throws `MESH_RATE_LIMITED` when what comes is further still. */
  #makeRoom (map: Map<string, Kept>, limit: number, distance: number): void {
    if (map.size < limit) return
    let [furthest, most] = ['', -1]
    for (const [path, kept] of map) if (kept.distance > most) [furthest, most] = [path, kept.distance]
    if (distance >= most) throw new MeshError('MESH_RATE_LIMITED', 'This node keeps as much as it may, all of it nearer.')
    if (map === this.#providers) this.#forgetProvider(furthest)
    else map.delete(furthest)
  }

  #forgetProvider (path: string): void {
    if (!this.#providers.delete(path)) return
    const peer = path.slice(path.lastIndexOf('/') + 1)
    const count = (this.#provided.get(peer) ?? 1) - 1
    if (count === 0) this.#provided.delete(peer)
    else this.#provided.set(peer, count)
  }

  #live (path: string): KeptRecord | undefined {
    const kept = this.#records.get(path)
    return kept === undefined || kept.record.expiresAt <= this.#options.clock.now() ? undefined : kept
  }

  /** The first 48 bits of Kademlia's distance: of the SHA-256 of both, by exclusive or. */
  #distance (key: Uint8Array): number {
    const digest = sha256(key)
    return [0, 1, 2, 3, 4, 5].reduce((sum, index) => sum * 256 + ((digest[index] ?? 0) ^ (this.#own[index] ?? 0)), 0)
  }
}

/** The key of a node's record in the DHT. */
export function recordKey (did: string): Uint8Array {
  return Buffer.from(`/akshi/${did}`)
}

function recordPath (did: Did): string {
  return recordPrefix + base32.baseEncode(recordKey(did))
}

function * pairs (map: ReadonlyMap<string, Kept>): Generator<Pair> {
  for (const [path, { value }] of map) yield { key: new Key(path, false), value }
}

function sha256 (bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
