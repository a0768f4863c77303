import {
  definePlugin, isMeshError, MeshError, NoConfig, openAnnouncement, type Address, type Announcer, type Did, type EnvelopeReceiver, type Link, type LinkTarget,
  type Plugin, type Prober, type SignedAnnouncement, type Transport
} from '@akshi/core'
import { exchange } from './exchange.ts'
import { MemoryLink } from './memory-link.ts'
import { unreachable, type Host, type MemoryNetwork } from './memory-network.ts'

/** A plugin whose transport and prober go through a `MemoryNetwork`. */
export function transportPlugin (network: MemoryNetwork, did: Did): Plugin {
  return definePlugin({
    name: 'memory',
    apiVersion: 1,
    config: NoConfig,
    setup ({ hooks, announcer, settings: { meshId } }) {
      hooks.assembleAnnouncement.tap('memory', (announcement) => ({ ...announcement, addresses: [...announcement.addresses, network.addressOf(did)] }))
      return { transport: new MemoryTransport(network, did, announcer), prober: new MemoryProber(network, did, meshId) }
    }
  })
}

/** Carries items through a `MemoryNetwork`. While it is started, its node is attached there. */
export class MemoryTransport implements Transport {
  readonly reach = 'peer'
  readonly #network: MemoryNetwork
  readonly #did: Did
  readonly #announcer: Pick<Announcer, 'current'>
  #host: Host | undefined
  #detach: (() => void) | undefined

  constructor (network: MemoryNetwork, did: Did, announcer: Pick<Announcer, 'current'>) {
    this.#network = network
    this.#did = did
    this.#announcer = announcer
  }

  async start (receiver: EnvelopeReceiver, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const host = { did: this.#did, receiver, announcement: () => this.#announcer.current() }
    this.#host = host
    this.#detach = this.#network.attach(host)
  }

  async connect (target: LinkTarget, signal: AbortSignal): Promise<Link> {
    signal.throwIfAborted()
    if (target.kind !== 'peer') throw new TypeError('The transport in memory has links to peers only')
    if (!this.#isRunning) throw new MeshError('MESH_NOT_RUNNING', 'The transport in memory is not running.')
    return new MemoryLink(this.#network, this.#did, target.addresses, target.did, () => this.#isRunning)
  }

  async stop (): Promise<void> {
    this.#detach?.()
    this.#host = undefined
  }

  get #isRunning (): boolean { return this.#host !== undefined && this.#network.isAttached(this.#host) }
}

/** Proves nodes by asking whoever is at an address. */
export class MemoryProber implements Prober {
  readonly #network: MemoryNetwork
  readonly #did: Did
  readonly #meshId: string

  constructor (network: MemoryNetwork, did: Did, meshId: string) {
    this.#network = network
    this.#did = did
    this.#meshId = meshId
  }

  async prove (did: Did, address: Address, signal: AbortSignal): Promise<SignedAnnouncement> {
    const to = this.#network.atAddress(address)
    if (to === undefined) throw unreachable(did, `nobody is at ${address.host}`)
    const { parts: [bytes] } = await exchange(this.#network, { from: this.#did, to, kind: 'prove', parts: [], perform: async ({ announcement }) => [announcement().bytes], signal })
    const signed = this.#open(bytes as Uint8Array)
    if (to === did && signed.announcement.did === did) return signed
    throw new MeshError('MESH_PEER_MISMATCH', `${address.host} is the address of ${to}, not of ${did}.`)
  }

  #open (bytes: Uint8Array): SignedAnnouncement {
    try {
      return openAnnouncement(bytes, this.#meshId)
    } catch (cause) {
      if (!isMeshError(cause)) throw cause
      throw new MeshError('MESH_SEND_FAILED', `The announcement is not valid here: ${cause.message}`, { cause })
    }
  }
}
