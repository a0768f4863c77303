import { createNode, silentLogger, type Did, type Disk, type FeedState, type Identity, type NodeControl, type Plugin, type RuntimeConfig, type Runtime } from '@akshi/core'
import { FaultyDisk } from '../faulty-disk.ts'
import type { MemoryNetwork } from '../network/memory-network.ts'
import type { SharedFolder } from '../network/shared-folder.ts'
import { quiesce } from '../quiescence.ts'
import { seededRandom } from '../seeded-random.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import { homeDisk } from './home-disk.ts'
import type { HomeFolders } from './home-folder.ts'
import { NodeClock } from './node-clock.ts'

/** What of `[mesh.sync]` a simulation may set. */
export interface SyncSettings {
  readonly intervalSecs: number
  readonly batchSize: number
  readonly maxLagBeforeFullSync: number
}

export interface SimulatedNodeOptions {
  readonly name: string
  readonly identity: Identity
  /** Nodes that are trusted from the start, as listed in runtime.toml. */
  readonly trusts: readonly Did[]
  /** Whether the addresses of those it trusts are listed too. Default: no, it has to be found. */
  readonly isAddressed?: boolean
  readonly sync: SyncSettings
  readonly clock: VirtualClock
  readonly network: MemoryNetwork
  /** Folders that it mounts. */
  readonly shared?: readonly SharedFolder[]
  /** `[[agents]]`. */
  readonly agents?: RuntimeConfig['agents']
  /** Changes the configuration. */
  readonly configure?: (config: RuntimeConfig) => RuntimeConfig
  readonly folders: HomeFolders
  readonly seed: number
  /** Default: a transport and a discovery of `network`, and a transport of each folder. */
  readonly plugins?: (did: Did) => readonly Plugin[]
  /** Told when the node goes round in a loop that never waits, with where. */
  readonly stuck?: (trace: string) => void
  /** What stands between the node and its disk. */
  readonly wrapDisk?: (disk: Disk) => Disk
  /** What stands between the node and whoever uses it. */
  readonly wrapControl?: (control: NodeControl) => NodeControl
}

/** The mesh that simulated nodes are in. */
export const meshId = 'sim'

/** A whole node in this process, with the real core, and what can happen to its machine. */
export class SimulatedNode {
  readonly identity: Identity
  readonly clock: NodeClock
  readonly #options: SimulatedNodeOptions
  disk = new FaultyDisk()
  #home: string
  #lives = 0
  #runtime: Runtime | undefined
  readonly #ghosts = new Set<Promise<void>>()

  constructor (options: SimulatedNodeOptions) {
    this.#options = options
    this.identity = options.identity
    this.clock = new NodeClock(options.clock, options.stuck)
    this.#home = options.folders.make(options.identity)
  }

  get name (): string { return this.#options.name }
  get did (): Did { return this.identity.did }
  get isUp (): boolean { return this.#runtime !== undefined }
  /** How often it was started. */
  get lives (): number { return this.#lives }

  /** The running node. Throws when it is down. */
  get control (): NodeControl {
    if (this.#runtime === undefined) throw new TypeError(`${this.name} is down`)
    const { wrapControl = (control) => control } = this.#options
    return wrapControl(this.#runtime.control)
  }

  /** Starts the node on its disk. Rejects as `Runtime.start`; it is down then. */
  async start (): Promise<void> {
    if (this.isUp) return
    const { folders, seed, plugins = this.#memoryPlugins, wrapDisk = (disk) => disk, configure = (config) => config } = this.#options
    if (this.#lives++ > 0) this.#home = folders.next(this.identity, this.#home)
    const disk = wrapDisk(homeDisk(this.disk, this.#home))
    await disk.makeFolder(this.#home)
    const runtime = await createNode({
      config: configure(this.#config()),
      configDir: this.#home,
      plugins: plugins(this.did).map((plugin) => ({ plugin })),
      clock: this.clock,
      random: seededRandom(seed + this.#lives * 7_919),
      disk,
      logger: silentLogger
    })
    await this.#patiently(runtime.start())
    this.#runtime = runtime
  }

  /** Leaves in order. */
  async stop (): Promise<void> {
    const runtime = this.#runtime
    this.#runtime = undefined
    if (runtime !== undefined) await this.#patiently(runtime.stop())
  }

  /** The process is gone: nothing it still wanted to do happens. `disk` is what the next life finds. */
  crash (disk: FaultyDisk = this.disk.afterKill()): void {
    const runtime = this.#runtime
    this.disk.crashAt(0)
    this.disk = disk
    this.#runtime = undefined
    for (const carrier of [this.#options.network, ...this.#options.shared ?? []]) carrier.detach(this.did)
    if (runtime === undefined) return
    const end: Promise<void> = runtime.stop().catch(() => {}).finally(() => this.#ghosts.delete(end))
    this.#ghosts.add(end)
  }

  /** Everything that this node has, as it would tell itself. */
  async states (): Promise<readonly FeedState[]> {
    const host = this.#options.network.host(this.did)
    const { feeds = [] } = await host?.receiver.digest({ root: new Uint8Array(32) }, { kind: 'peer', did: this.did }) ?? {}
    return feeds
  }

  /** Lets the process end for good. */
  async dispose (): Promise<void> {
    this.crash()
    await this.#patiently(Promise.all(this.#ghosts))
  }

  /** Time passes only when nothing else does. */
  async #patiently (task: Promise<unknown>): Promise<void> {
    const progress = { isOver: false }
    const end = task.finally(() => { progress.isOver = true })
    end.catch(() => {})
    for (await quiesce(); !progress.isOver; await quiesce()) this.#options.clock.fireNext(Infinity)
    await end
  }

  readonly #memoryPlugins = (did: Did): readonly Plugin[] => [
    this.#options.network.transport(did), this.#options.network.discovery(did), ...(this.#options.shared ?? []).map((folder) => folder.transport(did))
  ]

  #config (): RuntimeConfig {
    const { name, trusts, sync, agents = [], network, isAddressed = false } = this.#options
    return {
      node: { name, home: this.#home },
      dashboard: { port: 0, bind: '127.0.0.1', token: 'none', auth: true, remote: false, rate_limit: 300, rate_limit_burst: 50 },
      mesh: {
        id: meshId,
        trust: 'known',
        peers: trusts.map((did) => ({ node_did: did, dashboard_port: 1, ...isAddressed && { endpoint: network.addressOf(did).host } })),
        sync: {
          interval_secs: sync.intervalSecs, batch_size: sync.batchSize, max_lag_before_full_sync: sync.maxLagBeforeFullSync, fanout: 8, newest_first: false, fallback_after_secs: 3
        }
      },
      journal: { durability: 'fsync' },
      agents,
      telemetry: { log_level: 'error', log_format: 'json' },
      plugins: []
    }
  }
}
