import { IsObject, Type } from '#typebox'
import type { Static, TObject } from 'typebox'
import type { Cradle } from './cradle.ts'
import type { Discovery } from './discovery.ts'
import { MeshError } from './errors.ts'
import type { Prober, Transport } from './transport.ts'

/** Something that runs beside transports and discoveries and needs no contract of its own. */
export interface Service {
  start (signal: AbortSignal): Promise<void>
  stop (): Promise<void>
}

/** What a plugin adds to the node. Core starts and stops the parts. */
export interface PluginParts {
  readonly transport?: Transport
  readonly discovery?: Discovery
  readonly service?: Service
  /** At most one plugin of a node proves candidates. */
  readonly prober?: Prober
}

/** A plugin: the default export of its package, made with `definePlugin`. */
export interface Plugin<Config extends TObject = TObject> {
  /** Lower-case letters, digits and hyphens; names its taps, log lines and errors. */
  readonly name: string
  readonly apiVersion: 1
  /** The schema of `[plugins.config]`. Each key has a description and is required or has a default. */
  readonly config: Config
  /**
   * Whether a node is nothing without it, unless its entry in runtime.toml says otherwise: its failure is then the node's. Default false:
   * the node goes on without it, and says so.
   */
  readonly required?: boolean
  /**
   * Makes the parts. Synchronous, opens nothing, and the only place to tap hooks. What it throws takes the plugin out,
   * or, if it is required, stops the node's start with `MESH_PLUGIN_START_FAILED`.
   */
  setup (cradle: PluginCradle<Config>): PluginParts
}

/**
 * What `setup` gets: the container's tokens, with the plugin's own checked and frozen `config`. Its variance is written down: to find
 * it out takes the compiler three seconds in each package.
 */
export interface PluginCradle<out Config extends TObject = TObject> extends Cradle {
  readonly config: Static<Config>
}

/** Declares a plugin, with the type of `config` inferred from its schema. Returns its argument. */
export function definePlugin<Config extends TObject> (plugin: Plugin<Config>): Plugin<Config> {
  return plugin
}

/** A schema for plugins that take no configuration. */
export const NoConfig = Type.Object({}, { additionalProperties: false })

/**
 * `value` as a plugin, with the reason when it is not one.
 *
 * @throws MeshError `MESH_PLUGIN_INVALID`, naming `origin` (the package or path it was loaded from).
 */
export function checkPlugin (value: unknown, origin: string): Plugin {
  const problem = findProblem(value)
  if (problem !== undefined) {
    throw new MeshError('MESH_PLUGIN_INVALID', `"${origin}" is not a plugin: ${problem}. A plugin is the default export of its package, made with definePlugin({ name, apiVersion: 1, config, setup }).`)
  }
  return value as Plugin
}

function findProblem (value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `its default export is ${value === undefined ? 'missing' : `a ${typeof value}`}`
  const { name, apiVersion, config, required, setup } = value as Partial<Record<keyof Plugin, unknown>>
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(name)) return '"name" must be lower-case letters, digits and hyphens'
  if (apiVersion !== 1) return versionProblem(apiVersion)
  if (!IsObject(config)) return '"config" must be a TypeBox object schema (use NoConfig if there is nothing to configure)'
  if (required !== undefined && typeof required !== 'boolean') return '"required" must be true or false'
  if (typeof setup !== 'function') return '"setup" must be a function'
}

function versionProblem (apiVersion: unknown): string {
  if (typeof apiVersion !== 'number') return `"apiVersion" is ${JSON.stringify(apiVersion) ?? 'missing'}; write apiVersion: 1, the version of the contracts that it was made for`
  const next = apiVersion > 1 ? 'update Akshi, or install an older version of the plugin' : 'install a newer version of the plugin'
  return `it was made for version ${apiVersion} of the contracts ("apiVersion"), and this core has version 1: ${next}`
}
