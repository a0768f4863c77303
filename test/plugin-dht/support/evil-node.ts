import { createIdentity, systemClock, type Identity } from '@akshi/core'
import '../../../packages/plugin-dht/src/polyfill.ts'
import { Calls } from '../../../packages/plugin-dht/src/calls.ts'
import type { Services } from '../../../packages/plugin-dht/src/libp2p-settings.ts'
import { loopback, type DhtNode } from './dht-lab.ts'

const { createLibp2p } = await import('../../../packages/plugin-dht/node_modules/libp2p/dist/src/index.js')
const { multiaddr } = await import('../../../packages/plugin-dht/node_modules/@multiformats/multiaddr/dist/src/index.js')
const { CID } = await import('../../../packages/plugin-dht/node_modules/multiformats/dist/src/cid.js')
const { create } = await import('../../../packages/plugin-dht/node_modules/multiformats/dist/src/hashes/digest.js')
const { recordEntry } = await import('./datastore.ts')
const { lpStream } = await import('../../../packages/plugin-dht/node_modules/@libp2p/utils/dist/src/index.js')
const { libp2pSettings } = await import('../../../packages/plugin-dht/src/libp2p-settings.ts')
const { peerIdFromDid } = await import('../../../packages/plugin-dht/src/peer-names.ts')
const { RecordStore, recordKey } = await import('../../../packages/plugin-dht/src/record-store.ts')

type Libp2p = Awaited<ReturnType<typeof createLibp2p<Services>>>
type Key = Parameters<InstanceType<typeof RecordStore>['get']>[0]

/** A store without guards, that serves what it is told to whatever it is given. */
class EvilStore extends RecordStore {
  readonly lies = new Map<string, Uint8Array>()

  override get (key: Key): Uint8Array {
    return this.lies.get(key.toString()) ?? super.get(key)
  }

  override put (key: Key, value: Uint8Array): Key {
    try {
      super.put(key, value)
    } catch {}
    return key
  }

  override isNews (): boolean {
    return true
  }
}

/** A node of the DHT that keeps to no rule but those of libp2p. */
export class EvilNode implements AsyncDisposable {
  readonly identity: Identity
  readonly #store: EvilStore
  readonly #libp2p: Libp2p

  private constructor (identity: Identity, store: EvilStore, libp2p: Libp2p) {
    this.identity = identity
    this.#store = store
    this.#libp2p = libp2p
  }

  static async join (through: DhtNode): Promise<EvilNode> {
    const identity = createIdentity()
    const clock = systemClock
    const store = new EvilStore({ own: peerIdFromDid(identity.did).toMultihash().bytes, maxRecords: 100_000, clock })
    const made: { libp2p?: Libp2p } = {}
    const announced = () => made.libp2p?.services.listeners.addresses() ?? []
    const libp2p = await createLibp2p<Services>(libp2pSettings({
      identity, listen: { host: '127.0.0.1', port: 0 }, external: undefined, policy: loopback, maxConnections: 400, maxRecords: 100_000, maxInboundPerSec: 10_000, greeted: () => new Uint8Array(), calls: new Calls(clock), clock, announced
    }, store, new Set()))
    made.libp2p = libp2p
    const node = new EvilNode(identity, store, libp2p)
    await node.#dht.setMode('server')
    const { remotePeer } = await libp2p.dial(multiaddr(`/ip4/127.0.0.1/tcp/${through.port}`))
    await node.#dht.routingTable.add(remotePeer, { signal: AbortSignal.timeout(5_000) })
    return node
  }

  /** Asks those nearest to a node's key to keep these bytes under it. Resolves to how many did. */
  async put (did: string, bytes: Uint8Array): Promise<number> {
    return await this.putAt(recordKey(did), bytes)
  }

  async putAt (key: Uint8Array, bytes: Uint8Array): Promise<number> {
    let count = 0
    for await (const event of this.#dht.put(key, bytes, { signal: AbortSignal.timeout(10_000) })) {
      if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') count++
    }
    return count
  }

  /** Says that it is to be found under a key. */
  async provide (digest: Uint8Array): Promise<void> {
    for await (const event of this.#dht.provide(CID.createV1(0x55, create(0x12, digest)), { signal: AbortSignal.timeout(10_000) })) void event
  }

  /** Serves these bytes whenever it is asked for a node's record. */
  serve (did: string, bytes: Uint8Array): void {
    const { key, value } = recordEntry(did, bytes)
    this.#store.lies.set(key.toString(), value)
  }

  /** Greets a node with any bytes, and resolves to its answer. */
  async greet (node: DhtNode, bytes: Uint8Array): Promise<Uint8Array> {
    const signal = AbortSignal.timeout(5_000)
    await this.#libp2p.dial(multiaddr(`/ip4/127.0.0.1/tcp/${node.port}`), { signal })
    const stream = await this.#libp2p.dialProtocol(peerIdFromDid(node.did), '/akshi/hello/1.0.0', { signal })
    const messages = lpStream(stream)
    await messages.write(bytes, { signal })
    return (await messages.read({ signal })).subarray()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.#libp2p.stop()
  }

  get #dht () {
    return this.#libp2p.services.dht as unknown as {
      readonly routingTable: { add (peer: unknown, options: object): Promise<void> }
      setMode (mode: 'server'): Promise<void>
      put (key: Uint8Array, value: Uint8Array, options: object): AsyncIterable<{ readonly name: string, readonly messageName?: string }>
      provide (cid: unknown, options: object): AsyncIterable<unknown>
    }
  }
}
