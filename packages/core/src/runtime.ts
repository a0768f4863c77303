import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { Checks } from './checks.ts'
import { systemClock, type Clock } from './clock.ts'
import { loadConfig, type RuntimeConfig } from './config.ts'
import type { NodeControl } from './control.ts'
import { createCradle, createPluginScope, type Cradle, type NodeSettings } from './cradle.ts'
import { describeError, MeshError } from './errors.ts'
import { ensureToken, HomeLock, homePaths, removeRunning, writeRunning, type HomePaths } from './home.ts'
import { HttpRoutes } from './http-routes.ts'
import { ensureIdentity, readIdentity, type Identity } from './identity.ts'
import { Lifecycle, type Part } from './lifecycle.ts'
import { configurePlugins, loadPlugins, type LoadedPlugin, type PluginObject } from './load-plugins.ts'
import { createLogger, silentLogger, type Logger } from './logger.ts'
import { createNodeParts, type NodeParts } from './node-parts.ts'
import { PeerCalls } from './peer-calls.ts'
import type { PluginCradle } from './plugin.ts'
import { setUpPlugins, type SetUpPlugin } from './plugin-setup.ts'
import { systemRandom, type Random } from './random.ts'
import { startOrder } from './start-order.ts'
import { ApplyingMark } from './storage/applying-mark.ts'
import { systemDisk } from './storage/system-disk.ts'
import type { Disk } from './storage/disk.ts'
import type { Transport } from './transport.ts'
import { Tunnels } from './tunnels.ts'

/** A node of a program: the folder that it lives in, and nothing else that must be said. */
export interface EmbeddedNode {
  /** Made if it is not there, with a key of its own. Its runtime.toml, if it has one, is the configuration. */
  readonly home: string
  /** What its runtime.toml may say, by key path: `{ 'mesh.trust': 'open' }`; it goes before the file. */
  readonly settings?: Readonly<Record<string, unknown>>
  readonly config?: undefined
  readonly configDir?: undefined
}

/** A node as its operator has configured it. */
export interface ConfiguredNode {
  readonly home?: undefined
  readonly config: RuntimeConfig
  /** The folder that `[[plugins]]` are resolved from: runtime.toml's. */
  readonly configDir: string
}

export type NodeOptions = (EmbeddedNode | ConfiguredNode) & CommonOptions

interface CommonOptions {
  /** Where package names are looked for next: the installation's folder. */
  readonly pluginDir?: string | URL
  /** Plugins instead of those of the configuration: for tests, and for programs that embed a node. */
  readonly plugins?: readonly PluginObject[]
  /** `LoadedConfig.written`: keeps what variables hold out of messages. */
  readonly written?: ReadonlyMap<string, string>
  readonly clock?: Clock
  readonly random?: Random
  /** Where journals are kept; default: the file system. */
  readonly disk?: Disk
  /** Default: lines on stderr, as `[telemetry]` says; of a node with `home` alone, nothing. */
  readonly logger?: Logger
}

interface Running {
  readonly identity: Identity
  readonly control: NodeControl
  readonly routes: HttpRoutes
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

/**
 * A node with its plugins loaded and configured; nothing is opened before `start`. With `home` alone the node is made as `akshi init` makes
 * one, unless it is there.
 *
 * @throws MeshError as `loadPlugins`; with `home` alone also as `loadConfig` and `ensureIdentity`.
 */
export async function createNode (options: NodeOptions): Promise<Runtime> {
  if (options.home !== undefined) return await createNode({ logger: silentLogger, ...options, ...await settle(options), home: undefined })
  const { config, configDir, pluginDir, plugins, written, clock = systemClock, random = systemRandom, disk = systemDisk } = options
  const loaded = plugins === undefined
    ? await loadPlugins(config.plugins, { configDir, ...pluginDir !== undefined && { fallbackDir: pluginDir }, ...written !== undefined && { written } })
    : configurePlugins(plugins)
  const { log_level: level, log_format: format } = config.telemetry
  const logger = options.logger ?? createLogger({ level, format, clock, write: (line) => process.stderr.write(line + '\n') })
  return new Runtime(config, configDir, loaded, clock, random, disk, logger)
}

/** The configuration of a node that is nothing but a folder, which is made. */
async function settle ({ home: folder, settings: flags = {} }: EmbeddedNode): Promise<Pick<ConfiguredNode, 'config' | 'configDir'>> {
  const home = resolve(folder)
  await ensureIdentity(homePaths(home).key)
  const { config } = await loadConfig({ cwd: home, home, env: {}, flags })
  return { config, configDir: home }
}

/** One node. Started once, stopped once: for another life make a new one. */
export class Runtime {
  readonly #config: RuntimeConfig
  readonly #configDir: string
  readonly #plugins: readonly LoadedPlugin[]
  readonly #clock: Clock
  readonly #random: Random
  readonly #disk: Disk
  readonly #logger: Logger
  readonly #paths: HomePaths
  readonly #lifecycle: Lifecycle
  #starting: Promise<void> | undefined
  #running: Running | undefined

  /** Use `createNode`. */
  constructor (config: RuntimeConfig, configDir: string, plugins: readonly LoadedPlugin[], clock: Clock, random: Random, disk: Disk, logger: Logger) {
    this.#config = config
    this.#configDir = configDir
    this.#plugins = plugins
    this.#clock = clock
    this.#random = random
    this.#disk = disk
    this.#logger = logger
    this.#paths = homePaths(config.node.home, config.mesh.id)
    this.#lifecycle = new Lifecycle(clock)
  }

  /** Throws `MESH_NOT_RUNNING` before `start` has resolved, as do `control` and `url`. */
  get identity (): Identity { return this.#requireRunning().identity }
  get control (): NodeControl { return this.#requireRunning().control }
  /** Base URL of the local API; empty when no plugin serves one. */
  get url (): string { return this.#requireRunning().routes.baseUrl ?? '' }

  /**
   * Takes the home, opens the journals, sets the plugins up and starts them. A failed start leaves nothing behind.
   *
   * @throws MeshError `MESH_HOME_LOCKED`, `MESH_KEY_*`, `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`, `MESH_PLUGIN_START_FAILED`, or a
   * first-party plugin's own: `MESH_PORT_IN_USE`.
   */
  start (): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  /** Resolves when nothing runs any more and everything accepted is on disk. Throws `AggregateError` of `MESH_PLUGIN_STOP_FAILED`. */
  async stop (): Promise<void> {
    await this.#starting?.catch(() => {})
    this.#running = undefined
    await this.#lifecycle.stop()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.stop()
  }

  async #start (): Promise<void> {
    try {
      const identity = await readIdentity(this.#paths.key)     // first: a folder that was never initialised stays as it is
      await this.#lifecycle.start(homePart(this.#config.node.home))
      const mark = await ApplyingMark.open(this.#disk, this.#paths.applying)
      await this.#lifecycle.start({ name: 'the applying mark', start: () => {}, stop: () => mark.close() })
      const routes = new HttpRoutes()
      const transports = new Map<string, Transport>()
      const tunnels = new Tunnels()
      const checks = new Checks(this.#clock)
      const settings = await this.#settings()
      const parts = createNodeParts({
        config: this.#config,
        settings,
        identity,
        paths: this.#paths,
        disk: this.#disk,
        mark,
        plugins: this.#plugins.map(({ plugin: { name }, package: origin }) => ({ name, package: origin })),
        httpRoutes: routes,
        transports,
        tunnels,
        checks,
        clock: this.#clock,
        random: this.#random,
        logger: this.#logger
      })
      await parts.trust.open()
      const plugins = this.#setUp(parts, { identity, settings, httpRoutes: routes, tunnels, checks, peerCalls: new PeerCalls(), writes: parts.writes, messages: parts.messages })
      for (const { name, transport } of plugins) if (transport !== undefined) transports.set(name, transport)
      for (const part of startOrder(parts, plugins, this.#logger)) await this.#lifecycle.start(part)
      if (routes.baseUrl !== undefined) await this.#lifecycle.start(this.#notePart(routes.baseUrl))
      this.#running = { identity, control: parts.control, routes }
    } catch (error) {
      await this.#lifecycle.stop().catch((failure: unknown) => this.#logger.error('stopping after a failed start failed too', { error: describeError(failure) }))
      throw error
    }
  }

  async #settings (): Promise<NodeSettings> {
    const { node: { name, home }, dashboard, mesh, agents } = this.#config
    const { port, bind, auth, remote, rate_limit: rateLimitPerMinute, rate_limit_burst: rateLimitBurst } = dashboard
    const token = dashboard.token ?? await ensureToken(this.#paths.token)
    return { name, home, meshId: mesh.id, meshSecret: mesh.secret, version, configDir: this.#configDir, agents, dashboard: { port, bind, token, auth, remote, rateLimitPerMinute, rateLimitBurst } }
  }

  /** Sets the plugins up, each with a scope of its own; then nobody can tap a hook any more. */
  #setUp ({ board, peers: peerBook, announcer, control }: NodeParts, tokens: Pick<Cradle, 'identity' | 'settings' | 'httpRoutes' | 'tunnels' | 'checks' | 'peerCalls' | 'writes' | 'messages'>): readonly SetUpPlugin[] {
    const cradle = createCradle({ ...tokens, clock: this.#clock, random: this.#random, logger: this.#logger, peerBook, announcer, control })
    const plugins = setUpPlugins(this.#plugins, ({ plugin: { name: plugin }, config }) => {
      return createPluginScope(cradle, { config, logger: this.#logger.child({ plugin }), hooks: board.facade() }).cradle as PluginCradle
    })
    board.seal()
    return plugins
  }

  #notePart (url: string): Part {
    const { running } = this.#paths
    return { name: 'the note for the CLI', start: () => writeRunning(running, { pid: process.pid, url }), stop: () => removeRunning(running) }
  }

  #requireRunning (): Running {
    if (this.#running === undefined) throw new MeshError('MESH_NOT_RUNNING', 'The node is not running. Await start() first.')
    return this.#running
  }
}

function homePart (home: string): Part {
  let lock: HomeLock | undefined
  return {
    name: 'the home',
    start: async () => { lock = await HomeLock.take(home) },
    stop: async () => { await lock?.release() }
  }
}
