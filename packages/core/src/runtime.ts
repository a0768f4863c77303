import { createRequire } from 'node:module'
import { Checks } from './checks.ts'
import type { Clock } from './clock.ts'
import type { RuntimeConfig } from './config.ts'
import type { NodeControl } from './control.ts'
import { createCradle, createPluginScope, type Cradle, type NodeSettings } from './cradle.ts'
import { describeError, MeshError } from './errors.ts'
import { ensureToken, HomeLock, homePaths, removeRunning, writeRunning, type HomePaths } from './home.ts'
import { HttpRoutes } from './http-routes.ts'
import { readIdentity, type Identity } from './identity.ts'
import { Lifecycle, type Part } from './lifecycle.ts'
import { BusyTime } from './isolation/busy-time.ts'
import { guardTokens } from './isolation/guarded-tokens.ts'
import { PluginHosts } from './isolation/plugin-hosts.ts'
import { StallWatch } from './isolation/stall-watch.ts'
import type { LoadedPlugin } from './load-plugins.ts'
import type { Logger } from './logger.ts'
import { createNodeParts, type NodeParts } from './node-parts.ts'
import { PeerCalls } from './peer-calls.ts'
import type { PluginCradle } from './plugin.ts'
import type { Random } from './random.ts'
import { startOrder } from './start-order.ts'
import { ApplyingMark } from './storage/applying-mark.ts'
import type { Disk } from './storage/disk.ts'
import type { Transport } from './transport.ts'
import { Tunnels } from './tunnels.ts'

/** The tokens that are the same for all plugins, but for those that `guardTokens` makes. */
type Tokens = Pick<Cradle, 'identity' | 'settings' | 'httpRoutes' | 'tunnels' | 'checks' | 'peerCalls' | 'writes' | 'messages'>

interface Running {
  readonly identity: Identity
  readonly control: NodeControl
  readonly routes: HttpRoutes
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

/** What a runtime is made of. */
export interface RuntimeOptions {
  readonly config: RuntimeConfig
  readonly configDir: string
  readonly plugins: readonly LoadedPlugin[]
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly logger: Logger
  readonly watchesStalls: boolean
}

/** One node. Started once, stopped once: for another life make a new one. */
export class Runtime {
  readonly #options: RuntimeOptions
  readonly #logger: Logger
  readonly #paths: HomePaths
  readonly #lifecycle: Lifecycle
  /** Resolves when the node cannot go on, because a plugin that it requires has failed while it ran: stop it. */
  readonly failure: Promise<MeshError>
  #fail: (error: MeshError) => void = () => {}
  #starting: Promise<void> | undefined
  #hosts: PluginHosts | undefined
  #running: Running | undefined

  /** Use `createNode`. */
  constructor (options: RuntimeOptions) {
    const { config: { node, mesh }, clock, logger } = options
    this.#options = options
    this.#logger = logger
    this.#paths = homePaths(node.home, mesh.id)
    this.#lifecycle = new Lifecycle(clock)
    this.failure = new Promise((resolve) => { this.#fail = resolve })
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
    await this.#lifecycle.stop().finally(() => this.#hosts?.close())
  }

  /**
   * Takes an error that nobody caught, for the program to call from its `uncaughtException` listener. When it came from the code of a
   * plugin, that plugin is stopped, and the node goes on without it (`failure`, if it is required). Returns false when it did not: the
   * program is then in a state that nobody knows, and had better end. Nothing that was acknowledged is lost by that.
   */
  contain (error: unknown): boolean {
    return this.#hosts?.take(error) ?? false
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.stop()
  }

  async #start (): Promise<void> {
    const { config, disk, clock, random } = this.#options
    try {
      const identity = await readIdentity(this.#paths.key)     // first: a folder that was never initialised stays as it is
      await this.#lifecycle.start(homePart(config.node.home))
      const mark = await ApplyingMark.open(disk, this.#paths.applying)
      await this.#lifecycle.start({ name: 'the applying mark', start: () => {}, stop: () => mark.close() })
      const shared = { identity, settings: await this.#settings(), httpRoutes: new HttpRoutes(), tunnels: new Tunnels(), checks: new Checks(clock) }
      const transports = new Map<string, Transport>()
      const parts: NodeParts = createNodeParts({
        ...shared,
        config,
        paths: this.#paths,
        disk,
        mark,
        plugins: () => this.#hosts?.status((source) => parts.candidates.droppedOf(source)) ?? [],
        transports,
        clock,
        random,
        logger: this.#logger
      })
      await parts.trust.open()
      const hosts = this.#hosts = this.#createHosts(parts, transports)
      if (this.#options.watchesStalls) await this.#lifecycle.start(this.#watchPart(hosts))
      this.#setUp(hosts, parts, { ...shared, peerCalls: new PeerCalls(), writes: parts.writes, messages: parts.messages })
      for (const { name, parts: { transport } } of hosts.running) if (transport !== undefined) transports.set(name, transport)
      for (const part of startOrder(parts, hosts)) await this.#lifecycle.start(part)
      await this.#lifecycle.start(this.#notePart(shared.httpRoutes.baseUrl ?? ''))
      this.#running = { identity, control: parts.control, routes: shared.httpRoutes }
    } catch (error) {
      await this.#lifecycle.stop().catch((failure: unknown) => this.#logger.error('stopping after a failed start failed too', { error: describeError(failure) }))
      throw error
    }
  }

  async #settings (): Promise<NodeSettings> {
    const { configDir, config: { node: { name, home }, dashboard, mesh, agents } } = this.#options
    const { port, bind, auth, remote, rate_limit: rateLimitPerMinute, rate_limit_burst: rateLimitBurst } = dashboard
    const token = dashboard.token ?? await ensureToken(this.#paths.token)
    return { name, home, meshId: mesh.id, meshSecret: mesh.secret, version, configDir, agents, dashboard: { port, bind, token, auth, remote, rateLimitPerMinute, rateLimitBurst } }
  }

  #createHosts ({ notices, sync, announcer }: NodeParts, transports: Map<string, Transport>): PluginHosts {
    const { plugins, clock } = this.#options
    return new PluginHosts(plugins, {
      busy: new BusyTime(clock),
      notices,
      clock,
      logger: this.#logger,
      lifecycle: this.#lifecycle,
      left: (name) => {
        if (transports.delete(name)) sync.lost(name)
        announcer.refresh()
      },
      fatal: (error) => this.#fail(error)
    })
  }

  /** Sets the plugins up, each with a scope of its own; then nobody can tap a hook any more. */
  #setUp (hosts: PluginHosts, { board, peers: peerBook, announcer, control }: NodeParts, tokens: Tokens): void {
    const { clock, random } = this.#options
    const cradle = createCradle({ ...tokens, clock, random, logger: this.#logger, peerBook, announcer, control })
    hosts.setUp(({ name: plugin, loaded: { config }, bulkhead, clock, taps }) => {
      const own = { config, clock, logger: this.#logger.child({ plugin }), hooks: board.facade(taps), ...guardTokens(tokens, bulkhead) }
      return createPluginScope(cradle, own).cradle as PluginCradle
    })
    board.seal()
  }

  #watchPart (hosts: PluginHosts): Part {
    const { clock, config: { telemetry: { log_format: format } } } = this.#options
    let watch: StallWatch | undefined
    return {
      name: 'the stall watch',
      start: () => { watch = new StallWatch({ clock, format, places: hosts.places, stalled: (stall) => hosts.stalled(stall) }) },
      stop: async () => await watch?.stop()
    }
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
