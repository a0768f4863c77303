import { resolve } from 'node:path'
import { systemClock, type Clock } from './clock.ts'
import { loadConfig, type RuntimeConfig } from './config.ts'
import { homePaths } from './home.ts'
import { ensureIdentity } from './identity.ts'
import { configurePlugins, loadPlugins, type PluginObject } from './load-plugins.ts'
import { createLogger, silentLogger, type Logger } from './logger.ts'
import { systemRandom, type Random } from './random.ts'
import type { Runtime } from './runtime.ts'
import type { Disk } from './storage/disk.ts'
import { systemDisk } from './storage/system-disk.ts'

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

/** What every node takes. */
export interface CommonOptions {
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
  /**
   * Whether another thread watches for code that keeps this process from everything else, and says whose it is, also while it lasts. For
   * programs that are a node and nothing more. Default: false.
   */
  readonly watchesStalls?: boolean
  /** Default: lines on stderr, as `[telemetry]` says; of a node with `home` alone, nothing. */
  readonly logger?: Logger
}

/**
 * A node with its plugins loaded and configured; nothing is opened before `start`. With `home` alone the node is made as `akshi init` makes
 * one, unless it is there.
 *
 * @throws MeshError as `loadPlugins`; with `home` alone also as `loadConfig` and `ensureIdentity`.
 */
export async function createNode (options: NodeOptions): Promise<Runtime> {
  if (options.home !== undefined) return await createNode({ logger: silentLogger, ...options, ...await settle(options), home: undefined })
  const { config, configDir, pluginDir, plugins, written, clock = systemClock, random = systemRandom, disk = systemDisk, watchesStalls = false } = options
  const loaded = plugins === undefined
    ? await loadPlugins(config.plugins, { configDir, ...pluginDir !== undefined && { fallbackDir: pluginDir }, ...written !== undefined && { written } })
    : configurePlugins(plugins)
  const { log_level: level, log_format: format } = config.telemetry
  const logger = options.logger ?? createLogger({ level, format, clock, write: (line) => process.stderr.write(line + '\n') })
  // Nine tenths of core: who only talks to a node need not load them.
  const { Runtime } = await import('./runtime.ts')
  return new Runtime({ config, configDir, plugins: loaded, clock, random, disk, logger, watchesStalls })
}

/** The configuration of a node that is nothing but a folder, which is made. */
async function settle ({ home: folder, settings: flags = {} }: EmbeddedNode): Promise<Pick<ConfiguredNode, 'config' | 'configDir'>> {
  const home = resolve(folder)
  await ensureIdentity(homePaths(home).key)
  const { config } = await loadConfig({ cwd: home, home, env: {}, flags })
  return { config, configDir: home }
}
