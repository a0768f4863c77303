import type { Did, Identity, Plugin } from '@akshi/core'
import { HomeFolders, MemoryNetwork, quiesce, seededIdentity, seededRandom, SimulatedNode, VirtualClock, watchZlib, type FaultyDisk, type LinkConditions, type MemoryNetworkOptions, type SyncSettings } from '@akshi/testkit'

export interface LabOptions {
  /** Default: 2. */
  readonly nodes?: number
  /** Whether each has the addresses of all in its configuration, and looks for nobody. Default: they discover each other. */
  readonly isAddressed?: boolean
  readonly sync?: Partial<SyncSettings>
  readonly conditions?: Partial<LinkConditions>
  readonly fateOf?: MemoryNetworkOptions['fateOf']
  /** What the disks of the nodes hold at first. Default: nothing. */
  readonly disks?: readonly FaultyDisk[]
  /** Plugins of a node besides its transport and discovery, by its number. */
  readonly plugins?: (number: number) => readonly Plugin[]
}

const sync: SyncSettings = { intervalSecs: 10, batchSize: 50, maxLagBeforeFullSync: 1_000 }
const stepMs = 50

/** Making a key takes longer than a second of virtual time. */
const identities = new Map<number, Identity>()

function identityOf (number: number): Identity {
  const identity = identities.get(number) ?? seededIdentity(number + 1)
  identities.set(number, identity)
  return identity
}

/** Whole nodes that all trust each other, in virtual time that passes only when nothing else goes on. */
export class Lab implements AsyncDisposable {
  readonly clock = new VirtualClock()
  readonly network: MemoryNetwork
  readonly nodes: readonly SimulatedNode[]
  /** Whatever kept a node busy without end. */
  readonly stuck: string[] = []
  readonly #folders = new HomeFolders()
  readonly #zlib = watchZlib()
  readonly #deeds = new Set<{ readonly at: number, readonly run: () => Promise<void> | void }>()

  constructor (options: LabOptions = {}) {
    const { conditions = {}, fateOf } = options
    this.network = new MemoryNetwork({ clock: this.clock, random: seededRandom(1), conditions, fateOf })
    this.nodes = Array.from({ length: options.nodes ?? 2 }, (_, number) => this.#make(number, options))
    this.nodes.forEach((node, number) => { node.disk = options.disks?.[number]?.afterKill() ?? node.disk })
  }

  /** Where time stands, on the monotonic clock. */
  get at (): number { return this.clock.monotonic() }

  node (number: number): SimulatedNode {
    const node = this.nodes[number]
    if (node === undefined) throw new RangeError(`there is no node ${number}`)
    return node
  }

  of (did: Did): SimulatedNode {
    return this.node(this.nodes.findIndex((node) => node.did === did))
  }

  async start (): Promise<void> {
    for (const node of this.nodes) await node.start()
  }

  /** Does something at a time to come, between two steps of time. */
  in (ms: number, run: () => Promise<void> | void): void {
    this.#deeds.add({ at: this.at + ms, run })
    this.clock.timer(ms, () => {})
  }

  /** Called after each step of time. */
  onStep: () => void = () => {}

  async run (ms: number): Promise<void> {
    const until = this.at + ms
    do await this.#step()
    while (this.clock.fireNext(until))
    await this.#step()
  }

  /** Lets time pass until a condition holds. Resolves to whether it did in time. */
  async runUntil (condition: () => boolean, limitMs = 60_000): Promise<boolean> {
    const end = this.at + limitMs
    await this.#step()
    while (!condition() && this.at < end) await this.run(Math.min(stepMs, end - this.at))
    return condition()
  }

  /** Lets time pass until a call has ended. */
  async until<Result> (call: Promise<Result>, limitMs = 60_000): Promise<Result> {
    const progress = { isOver: false }
    call.finally(() => { progress.isOver = true }).catch(() => {})
    if (!await this.runUntil(() => progress.isOver, limitMs)) throw new Error(`a call has not ended after ${limitMs} ms`)
    return await call
  }

  /** Whether all nodes are up and say that they have converged. */
  get hasConverged (): boolean {
    return this.nodes.every((node) => node.isUp && node.control.convergence().converged)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const node of this.nodes) await node.dispose()
    this.#zlib[Symbol.dispose]()
    this.#folders[Symbol.dispose]()
  }

  async #step (): Promise<void> {
    await quiesce()
    this.onStep()
    for (const deed of [...this.#deeds]) {
      if (deed.at > this.at) continue
      this.#deeds.delete(deed)
      await deed.run()
    }
    if (this.stuck.length > 0) throw new Error(this.stuck.join('\n'))
  }

  #make (number: number, { nodes = 2, isAddressed = false, plugins = () => [], ...options }: LabOptions): SimulatedNode {
    const identity = identityOf(number)
    return new SimulatedNode({
      name: `node-${number}`,
      identity,
      trusts: Array.from({ length: nodes }, (_, other) => identityOf(other).did).filter((did) => did !== identity.did),
      isAddressed,
      sync: { ...sync, ...options.sync },
      clock: this.clock,
      network: this.network,
      folders: this.#folders,
      seed: number * 104_729,
      stuck: (trace) => this.stuck.push(`node-${number} goes round without end: ${trace}`),
      plugins: (did) => [this.network.transport(did), ...isAddressed ? [] : [this.network.discovery(did)], ...plugins(number)]
    })
  }
}
