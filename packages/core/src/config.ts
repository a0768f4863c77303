import { homedir, hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Static } from 'typebox'
import { Default } from '#typebox'
import { findCrossProblems } from './config-cross-checks.ts'
import { readConfigFile } from './config-file.ts'
import { ConfigLayers, type Origin } from './config-layers.ts'
import { configInvalid, findProblems } from './config-problems.ts'
import { runtimeSchema } from './config-schema.ts'
import { deepFreeze, setAt, valueAt } from './config-tree.ts'
import type { Did } from './did.ts'
import type { LogFormat, LogLevel } from './logger.ts'

/** A plugin to load, as written under `[[plugins]]`. */
export interface PluginEntry {
  readonly package: string
  /** Whether the node ends when the plugin fails; default: as the plugin says. */
  readonly required?: boolean
  readonly config: Readonly<Record<string, unknown>>
}

/** An agent of this node, as written under `[[agents]]`; without `url` and `module` it has a journal and nothing else. */
export interface AgentEntry {
  readonly name: string
  readonly share?: readonly string[]
  readonly description?: string
  readonly skills?: readonly string[]
  readonly url?: string
  readonly module?: string
  readonly allow?: readonly string[]
  readonly idempotent?: boolean
}

/** runtime.toml after all layers, checked and frozen; keys as in the file. */
export interface RuntimeConfig {
  readonly node: { readonly name: string, readonly home: string }
  readonly dashboard: {
    readonly port: number
    readonly bind: string
    readonly token?: string
    readonly auth: boolean
    readonly remote: boolean
    readonly rate_limit: number
    readonly rate_limit_burst: number
  }
  readonly mesh: {
    readonly id: string
    readonly secret?: string
    readonly trust: 'known' | 'lan' | 'open'
    readonly peers: readonly {
      readonly name?: string
      readonly node_did: Did
      readonly endpoint?: string
      readonly dashboard_port: number
      readonly wireguard_public_key?: string
    }[]
    readonly sync: {
      readonly interval_secs: number
      readonly batch_size: number
      readonly max_lag_before_full_sync: number
      readonly fanout: number
      readonly newest_first: boolean
      readonly fallback_after_secs: number
    }
  }
  readonly journal: { readonly durability: 'fsync' | 'os' }
  readonly agents: readonly AgentEntry[]
  readonly telemetry: { readonly log_level: LogLevel, readonly log_format: LogFormat }
  readonly plugins: readonly PluginEntry[]
}

export interface LoadConfigOptions {
  /** A file that must be there (flag `-c`); relative paths start at `cwd`. */
  readonly configPath?: string | undefined
  /** The node's folder by flag. `AKSHI_HOME_DIR` is read from `env`. */
  readonly home?: string | undefined
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Values by key path: `{ 'dashboard.port': 3211 }`. */
  readonly flags?: Readonly<Record<string, unknown>>
  /** Gives the default of `node.name`. Default: the machine's. */
  readonly hostname?: string
}

export interface LoadedConfig {
  readonly config: RuntimeConfig
  /** Absolute path of the file, if there is one. */
  readonly path: string | undefined
  /** Where each value is from, by key path; arrays count as one value. */
  readonly origins: ReadonlyMap<string, Origin>
  /** Strings with `${VAR}` as the file has them, by key path. Show these: the values filled in may be secret. */
  readonly written: ReadonlyMap<string, string>
}

/**
 * Finds runtime.toml and lays the layers over each other: defaults < file < environment < flags. Resolves to the
 * configuration, checked and frozen to its leaves. Plugins' own tables are not checked here: `loadPlugins` does that.
 *
 * @throws MeshError `MESH_CONFIG_NOT_FOUND`, or `MESH_CONFIG_INVALID` with all that is wrong, one line each. Neither
 * shows the token or what a variable holds.
 */
export async function loadConfig (options: LoadConfigOptions): Promise<LoadedConfig> {
  const { configPath, cwd, env } = options
  const userHome = env['HOME'] === undefined || env['HOME'] === '' ? homedir() : env['HOME']
  const given = structuredClone(options.flags ?? {})            // the result is frozen: not what the caller gave
  const flags = options.home === undefined ? given : { ...given, 'node.home': options.home }
  const home = [flags['node.home'], env['AKSHI_HOME_DIR']].find((text) => typeof text === 'string' && text !== '') as string | undefined
  const file = await readConfigFile({ configPath, home: home === undefined ? undefined : expandHome(home, userHome, cwd), cwd, userHome })
  const layers = new ConfigLayers(file?.label ?? 'defaults')
  if (file !== undefined) layers.addFile(file, env)
  layers.addEnvironment(env)
  layers.addFlags(flags)
  const config = check(layers, nameFromHost(options.hostname ?? hostname()))
  const origins = layers.origins()
  const base = file !== undefined && origins.get('node.home') === 'file' ? dirname(file.path) : cwd
  config.node.home = expandHome(config.node.home, userHome, base)
  return { config: deepFreeze(config), path: file?.path, origins, written: layers.written }
}

function check (layers: ConfigLayers, defaultName: string): Static<typeof runtimeSchema> {
  const { tree, written } = layers
  if (valueAt(tree, 'node.name') === undefined) setAt(tree, 'node.name', defaultName)
  const config = Default(runtimeSchema, tree)
  layers.report(findProblems(runtimeSchema, config, { written }))
  layers.report(findCrossProblems(config, written))
  if (layers.problems.length > 0) throw configInvalid(layers.problems)
  return config as Static<typeof runtimeSchema>
}

function nameFromHost (host: string): string {
  const label = host.split('.')[0] ?? ''
  return label.replaceAll(/[^A-Za-z0-9_-]+/g, '-').replaceAll(/^[-_]+|-+$/g, '').slice(0, 63) || 'node'
}

function expandHome (path: string, userHome: string, base: string): string {
  if (path === '~') return resolve(userHome)
  return /^~[/\\]/.test(path) ? join(resolve(userHome), path.slice(2)) : resolve(base, path)
}
