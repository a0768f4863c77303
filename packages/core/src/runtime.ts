import { createRequire } from 'node:module'
import type { Address, SignedAnnouncement } from './announcement.ts'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import type { RuntimeConfig } from './config.ts'
import type { NodeControl } from './control.ts'
import { createCradle, createPluginScope, type NodeSettings } from './cradle.ts'
import { describeError, MeshError } from './errors.ts'
import { ensureToken, HomeLock, homePaths, removeRunning, writeRunning, type HomePaths } from './home.ts'
import { HookBoard } from './hooks.ts'
import { HttpRoutes } from './http-routes.ts'
import { readIdentity, type Identity } from './identity.ts'
import { Journals } from './journal/journals.ts'
import { Lifecycle } from './lifecycle.ts'
import { configurePlugins, loadPlugins, type LoadedPlugin, type PluginObject } from './load-plugins.ts'
import { createLogger, type Logger } from './logger.ts'
import { NodeAnnouncer } from './node-announcer.ts'
import { Control } from './node-control.ts'
import { Notices } from './notices.ts'
import { Candidates } from './peers/candidates.ts'
import { KnownPeers, type ConfiguredPeer } from './peers/known-peers.ts'
import { TrustStore } from './peers/trust-store.ts'
import type { PluginParts } from './plugin.ts'
import { systemRandom, type Random } from './random.ts'
import { Inbox } from './sync/inbox.ts'
import { Receiver } from './sync/receiver.ts'
import { Sharing } from './sync/sharing.ts'
import { Sync } from './sync/sync.ts'
import type { LinkSource, Transport } from './transport.ts'

export interface NodeOptions {
  readonly config: RuntimeConfig
  /** The folder that `[[plugins]]` are resolved from: runtime.toml's. */
  readonly configDir: string
  /** Where package names are looked for next; the installation's folder. */
  readonly pluginDir?: string | URL
  /** Plugins instead of those of the configuration: for tests, and for programs that embed a node. */
  readonly plugins?: readonly PluginObject[]
  /** `LoadedConfig.written`: keeps what variables hold out of messages. */
  readonly written?: ReadonlyMap<string, string>
  readonly clock?: Clock
  readonly random?: Random
  readonly logger?: Logger
}

interface SetUpPlugin {
  readonly loaded: LoadedPlugin
  readonly parts: PluginParts
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

/**
 * A node with its plugins loaded and configured; nothing is opened before `start`.
 *
 * @throws MeshError as `loadPlugins`.
 */
export async function createNode (options: NodeOptions): Promise<Runtime> {
  const { config, configDir, pluginDir, plugins, written, clock = systemClock } = options
  const loaded = plugins === undefined
    ? await loadPlugins(config.plugins, { configDir, ...pluginDir !== undefined && { fallbackDir: pluginDir }, ...written !== undefined && { written } })
    : configurePlugins(plugins)
  const logger = options.logger ?? createLogger({
    level: config.telemetry.log_level, format: config.telemetry.log_format, clock, write: (line) => process.stderr.write(line + '\n')
  })
  return new Runtime(config, loaded, clock, options.random ?? systemRandom, logger)
}

/** One node. Started once, stopped once: for another life make a new one. */
export class Runtime {
  readonly #config: RuntimeConfig
  readonly #plugins: readonly LoadedPlugin[]
  readonly #clock: Clock
  readonly #random: Random
  readonly #logger: Logger
  readonly #paths: HomePaths
  readonly #lifecycle: Lifecycle
  readonly #routes = new HttpRoutes()
  #starting: Promise<void> | undefined
  #identity: Identity | undefined
  #control: Control | undefined

  /** Use `createNode`. */
  constructor (config: RuntimeConfig, plugins: readonly LoadedPlugin[], clock: Clock, random: Random, logger: Logger) {
    this.#config = config
    this.#plugins = plugins
    this.#clock = clock
    this.#random = random
    this.#logger = logger
    this.#paths = homePaths(config.node.home, config.mesh.id)
    this.#lifecycle = new Lifecycle(clock)
  }

  /** Throws `MESH_NOT_RUNNING` before `start` has resolved, as do `control` and `url`. */
  get identity (): Identity { return this.#running(this.#identity) }
  get control (): NodeControl { return this.#running(this.#control) }
  /** Base URL of the local API; empty when no plugin serves one. */
  get url (): string { return this.#running(this.#control).status().url }

  /**
   * Takes the home, opens the journals, sets the plugins up and starts them. A failed start leaves nothing behind.
   *
   * @throws MeshError `MESH_HOME_LOCKED`, `MESH_KEY_*`, `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`, `MESH_PLUGIN_START_FAILED`, or a
   * first-party plugin's own: `MESH_PORT_IN_USE`.
   */
  start (): Promise<void> {
    return this.#starting ??= this.#start()
  }

  /** Resolves when nothing runs any more and everything accepted is on disk. Throws `AggregateError` of `MESH_PLUGIN_STOP_FAILED`. */
  async stop (): Promise<void> {
    await this.#starting?.catch(() => {})
    await this.#lifecycle.stop()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.stop()
  }

  async #start (): Promise<void> {
    try {
      await this.#compose()
    } catch (error) {
      await this.#lifecycle.stop().catch((failure: unknown) => this.#logger.error('stopping after a failed start failed too', { error: describeError(failure) }))
      throw error
    }
  }

  async #compose (): Promise<void> {
    const settings = await this.#prepareHome()
    const identity = this.#identity = await readIdentity(this.#paths.key)
    const { mesh, agents } = this.#config
    const clock = this.#clock
    const random = this.#random
    const logger = this.#logger
    const lifecycle = this.#lifecycle
    const board = new HookBoard(logger)
    const { hooks } = board
    const notices = new Notices(clock, logger)
    const store = new TrustStore(this.#paths.trust, clock)
    await store.open()
    const peers = new KnownPeers(identity.did, mesh.trust, store, clock, mesh.peers.map(configuredPeer))
    peers.onChange((peer) => hooks.onPeerDiscovered.call(peer))
    const journals = new Journals({ folder: this.#paths.journals, meshId: mesh.id, identity, clock, random, logger })
    await lifecycle.start({ name: 'the journals', start: () => journals.open(), stop: () => journals.close() })

    const sharing = new Sharing(identity.did, peers, agents)
    let candidates: Candidates | undefined
    const inbox = new Inbox({
      meshId: mesh.id, journals, sharing, notices, announced: (signed, from) => heard(signed, from, clock, peers, candidates)
    })
    const announcer = new NodeAnnouncer({
      identity, meshId: mesh.id, name: settings.name, agents: agents.map(({ name }) => name), hooks, clock, logger, publish: (signed) => this.#publish(signed, setUp, sync)
    })
    const transports = new Map<string, Transport>()
    const sync = new Sync({
      own: identity.did,
      journals,
      peers,
      sharing,
      inbox,
      hooks,
      announcer,
      notices,
      transports,
      intervalMs: mesh.sync.interval_secs * 1000,
      batchSize: mesh.sync.batch_size,
      fallbackMs: mesh.sync.fallback_after_secs * 1000,
      clock,
      random,
      logger
    })
    const receiver = new Receiver({ journals, sharing, inbox, hooks, contact: (from, seen) => sync.contact(from, seen), hint: (from) => sync.hint(from) })
    const control = new Control({
      own: identity.did,
      settings,
      trustPolicy: mesh.trust,
      journals,
      peers,
      sharing,
      sync,
      hooks,
      notices,
      httpRoutes: this.#routes,
      plugins: this.#plugins.map(({ plugin: { name }, package: origin }) => ({ name, package: origin })),
      clock,
      durability: 'fsync'
    })

    const cradle = createCradle({ clock, random, logger, identity, settings, peerBook: peers, announcer, control, httpRoutes: this.#routes })
    const setUp = this.#plugins.map((loaded): SetUpPlugin => ({
      loaded, parts: setUpPlugin(loaded, () => createPluginScope(cradle, { config: loaded.config, logger: logger.child({ plugin: loaded.plugin.name }), hooks: board.facade() }).cradle)
    }))
    board.seal()

    for (const { loaded: { plugin: { name } }, parts: { transport } } of setUp) if (transport !== undefined) transports.set(name, transport)
    const prober = setUp.find(({ parts }) => parts.prober !== undefined)?.parts.prober
    for (const { loaded, parts: { service } } of setUp) {
      if (service !== undefined) await lifecycle.start({ name: partName(loaded), start: (signal) => service.start(signal), stop: () => service.stop() })
    }
    for (const { loaded, parts: { transport } } of setUp) {
      if (transport !== undefined) await lifecycle.start({ name: partName(loaded), start: (signal) => transport.start(receiver, signal), stop: () => transport.stop() })
    }
    if (prober !== undefined) {
      candidates = new Candidates(identity.did, peers, prober, clock, random, logger)
      await lifecycle.start({ name: 'the candidates', start: () => {}, stop: () => candidates?.stop() })
    }
    for (const { loaded, parts: { discovery } } of setUp) {
      if (discovery === undefined) continue
      const { name } = loaded.plugin
      await lifecycle.start({ name: partName(loaded), start: (signal) => discovery.start((candidate) => candidates?.report(candidate, name), signal), stop: () => discovery.stop() })
    }
    await lifecycle.start({ name: 'sync', start: () => sync.start(), stop: () => sync.stop() })
    await lifecycle.start({ name: 'the announcer', start: () => announcer.start(), stop: () => announcer.stop() })
    if (this.#routes.baseUrl !== undefined) await this.#tellRunning(this.#routes.baseUrl)
    this.#control = control
  }

  async #prepareHome (): Promise<NodeSettings> {
    const { node: { name, home }, dashboard, mesh } = this.#config
    await readIdentity(this.#paths.key)       // before anything is made: a folder that was never initialised stays as it is
    await this.#lifecycle.start(homePart(home))
    return {
      name,
      home,
      meshId: mesh.id,
      version,
      dashboard: {
        port: dashboard.port,
        bind: dashboard.bind,
        token: dashboard.token ?? await ensureToken(this.#paths.token),
        auth: dashboard.auth,
        remote: dashboard.remote,
        rateLimitPerMinute: dashboard.rate_limit,
        rateLimitBurst: dashboard.rate_limit_burst
      }
    }
  }

  async #tellRunning (url: string): Promise<void> {
    await this.#lifecycle.start({
      name: 'the note for the CLI',
      start: () => writeRunning(this.#paths.running, { pid: process.pid, url }),
      stop: () => removeRunning(this.#paths.running)
    })
  }

  /** A discovery that cannot announce harms nobody else. */
  #publish (signed: SignedAnnouncement, setUp: readonly SetUpPlugin[], sync: Sync): void {
    sync.ring()
    for (const { loaded: { plugin: { name } }, parts: { discovery } } of setUp) {
      discovery?.announce(signed).catch((error: unknown) => this.#logger.error(`plugin "${name}" could not announce this node`, { error: describeError(error) }))
    }
  }

  #running<Value> (value: Value | undefined): Value {
    if (value === undefined || this.#control === undefined) throw new MeshError('MESH_NOT_RUNNING', 'The node is not running. Await start() first.')
    return value
  }
}

function setUpPlugin ({ plugin, package: origin }: LoadedPlugin, cradle: () => Parameters<typeof plugin.setup>[0] | object): PluginParts {
  try {
    return plugin.setup(cradle() as Parameters<typeof plugin.setup>[0])
  } catch (cause) {
    throw new MeshError('MESH_PLUGIN_START_FAILED', `plugin "${plugin.name}" (${origin}) failed in setup: ${describeError(cause)}`, { cause })
  }
}

/** A verified announcement that a peer passed on: news of a known node is noted, new addresses want a dial. */
function heard (signed: SignedAnnouncement, from: LinkSource, clock: Clock, peers: KnownPeers, candidates: Candidates | undefined): void {
  const { did, seq, expiresAt, addresses } = signed.announcement
  if (expiresAt <= clock.now() || seq <= (peers.announcementOf(did)?.announcement.seq ?? 0)) return
  peers.update(signed)
  candidates?.report({ did, addresses }, from.kind === 'peer' ? 'gossip' : from.name)
}

function homePart (home: string): { name: string, start: () => Promise<void>, stop: () => Promise<void> } {
  let lock: HomeLock | undefined
  return {
    name: 'the home',
    start: async () => { lock = await HomeLock.take(home) },
    stop: async () => { await lock?.release() }
  }
}

function partName ({ plugin: { name }, package: origin }: LoadedPlugin): string {
  return `plugin "${name}" (${origin})`
}

function configuredPeer ({ name, node_did: did, endpoint, dashboard_port: port }: RuntimeConfig['mesh']['peers'][number]): ConfiguredPeer {
  const host = endpoint?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  const addresses: Address[] = host === undefined ? [] : [{ host, port }]
  return { did, name, addresses }
}
