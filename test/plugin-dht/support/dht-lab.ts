import { createIdentity, silentLogger, systemClock, systemRandom, type Address, type Announcement, type Did, type Identity, type PeerCandidate, type SignedAnnouncement } from '@akshi/core'
import { signAnnouncement } from '../../../packages/core/src/announce.ts'
import { AddressPolicy } from '../../../packages/plugin-dht/src/address-policy.ts'
import { parseBootstrap } from '../../../packages/plugin-dht/src/bootstrap-address.ts'
import { DhtDiscovery, type DhtOptions } from '../../../packages/plugin-dht/src/dht-discovery.ts'
import type { KnownNode } from '../../../packages/plugin-dht/src/kad-node.ts'
import { published } from './published.ts'

const together = 4
export const meshId = 'lab'
export const loopback = new AddressPolicy({ privateToo: false, loopbackToo: true, ports: ['1024-65535'] })

export interface LabNodeOptions extends Partial<DhtOptions> {
  /** Nodes to join through. */
  readonly through?: readonly DhtNode[]
}

/** A discovery on loopback, as a node has it, without the node. */
export class DhtNode {
  readonly identity: Identity
  readonly discovery: DhtDiscovery
  readonly heard: PeerCandidate[] = []
  /** What it kept for its next life. */
  remembered: readonly KnownNode[] = []
  #seq = Date.now()
  readonly #wake = new Set<() => void>()
  readonly #meshId: string

  constructor ({ through = [], identity = createIdentity(), ...options }: LabNodeOptions = {}) {
    this.identity = identity
    this.#meshId = options.meshId ?? meshId
    this.discovery = new DhtDiscovery({
      identity,
      meshId,
      meshSecret: 'a secret of the laboratory',
      isOn: true,
      bootstrap: through.map((node) => parseBootstrap(node.place)),
      listen: { host: '127.0.0.1', port: 0 },
      external: undefined,
      policy: loopback,
      maxConnections: 400,
      maxRecords: 1_000,
      maxInboundPerSec: 10_000,
      maxIntervalMs: 300_000,
      refreshMs: 600_000,
      farewellMs: 400,
      remembered: { read: async () => this.remembered, write: async (nodes) => { this.remembered = nodes } },
      reduce: (signed) => signed,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      ...options
    })
  }

  get did (): Did { return this.identity.did }
  get port (): number { return this.discovery.status().port ?? 0 }
  /** As an operator writes it. */
  get place (): string { return `${this.did}@127.0.0.1:${this.port}` }

  async start (): Promise<this> {
    await this.discovery.start((candidate) => {
      this.heard.push(candidate)
      for (const wake of this.#wake) wake()
    }, new AbortController().signal)
    return this
  }

  /** Announces these addresses. */
  async announce (addresses: readonly Address[] = [{ host: '127.0.0.1', port: 3_210 }], more: Partial<Announcement> = {}): Promise<void> {
    await this.discovery.announce(this.sign(addresses, more))
  }

  sign (addresses: readonly Address[], more: Partial<Announcement> = {}): SignedAnnouncement {
    const issuedAt = Date.now()
    const seq = this.#seq = Math.max(issuedAt, this.#seq + 1)
    const { did, sealingKey } = this.identity
    return signAnnouncement(this.identity, this.#meshId, { did, seq, name: 'node', issuedAt, expiresAt: issuedAt + 3_600_000, addresses, capabilities: ['journal'], agents: [], sealingKey, extra: {}, ...more })
  }

  /** DIDs that it has reported. */
  get found (): ReadonlySet<Did> { return new Set(this.heard.map(({ did }) => did)) }

  /** Resolves when this is true of it, asked at each report. Rejects after a while. */
  async until (look: () => boolean, what: string, limitMs = 40_000): Promise<void> {
    const late = AbortSignal.timeout(limitMs)
    while (!look()) {
      await new Promise<void>((resolve, reject) => {
        const over = () => reject(new Error(`${what}: not within ${limitMs} ms`))
        if (late.aborted) return over()
        late.addEventListener('abort', over, { once: true })
        const wake = () => { this.#wake.delete(wake); late.removeEventListener('abort', over); resolve() }
        this.#wake.add(wake)
      })
    }
  }

  stop (): Promise<void> {
    return this.discovery.stop()
  }
}

/** Nodes that are stopped with it, however the test ends. */
export class DhtLab implements AsyncDisposable {
  readonly nodes: DhtNode[] = []

  /** One that runs and has announced itself. */
  async node (options: LabNodeOptions = {}): Promise<DhtNode> {
    const node = new DhtNode(options)
    this.nodes.push(node)
    await node.start()
    await node.announce()
    return node
  }

  /** Nodes that join through another, a few at a time: all are in one process. Resolves when others keep the records of all. */
  async more (count: number, options: LabNodeOptions): Promise<readonly DhtNode[]> {
    const made: DhtNode[] = []
    while (made.length < count) {
      const few = await Promise.all(Array.from({ length: Math.min(together, count - made.length) }, () => this.node(options)))
      await Promise.all(few.map((node) => published(node)))
      made.push(...few)
    }
    return made
  }

  /** A first node, and others that know only it. Resolves when all have found all. */
  async mesh (count: number, options: LabNodeOptions = {}): Promise<readonly DhtNode[]> {
    const first = await this.node(options)
    const others = await Promise.all(Array.from({ length: count - 1 }, () => this.node({ ...options, through: [first] })))
    const all = [first, ...others]
    await Promise.all(all.map((node) => node.until(() => node.found.size >= count - 1, `${node.did} finds all ${count - 1}`)))
    return all
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
  }
}
