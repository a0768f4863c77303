import { fileURLToPath } from 'node:url'
import { Default } from '#typebox'
import type { PluginEntry } from './config.ts'
import { configInvalid, findProblems, type Problem } from './config-problems.ts'
import { isPath, resolvePackage, resolvePath } from './config-resolve.ts'
import { firstPartyPlugins } from './config-schema.ts'
import { suggest } from './config-suggest.ts'
import { deepFreeze } from './config-tree.ts'
import { describeError, MeshError } from './errors.ts'
import { placeOf } from './isolation/blame.ts'
import { checkPlugin, type Plugin } from './plugin.ts'

/** A plugin with its configuration: defaults applied, checked, frozen. */
export interface LoadedPlugin {
  readonly plugin: Plugin
  /** As in `[[plugins]]`; the plugin's name for one that was given as an object. */
  readonly package: string
  readonly config: Readonly<Record<string, unknown>>
  /** Whether the node cannot be without it. */
  readonly required: boolean
  /** Absolute path of its package's folder, or of the file that `[[plugins]]` names; nothing of one that was given as an object. */
  readonly place?: string
}

/** A plugin that is in memory already, as tests and embedders have them. */
export interface PluginObject {
  readonly plugin: Plugin
  readonly package?: string
  readonly config?: Readonly<Record<string, unknown>>
  /** Default: as the plugin says. */
  readonly required?: boolean | undefined
}

interface PlacedPlugin extends PluginObject {
  readonly place?: string
}

export interface LoadPluginsOptions {
  /** Absolute path of the folder that paths and package names are resolved from: runtime.toml's. */
  readonly configDir: string
  /** Where package names are looked for next: a folder or the URL of one, for instance that of the installation. */
  readonly fallbackDir?: string | URL
  /** `LoadedConfig.written`: keeps what variables hold out of messages. */
  readonly written?: ReadonlyMap<string, string>
}

/**
 * Imports the plugins in order and configures them. Nothing of them has run after it but their modules. Paths are
 * resolved from `configDir` alone, package names from there and then from `fallbackDir`.
 *
 * @throws MeshError `MESH_PLUGIN_NOT_FOUND`, `MESH_PLUGIN_INVALID` (it cannot be imported, or is no plugin), and as
 * `configurePlugins`.
 */
export async function loadPlugins (entries: readonly PluginEntry[], options: LoadPluginsOptions): Promise<readonly LoadedPlugin[]> {
  const plugins: PlacedPlugin[] = []
  for (const entry of entries) plugins.push({ ...entry, ...await importPlugin(entry.package, options) })
  return configurePlugins(plugins, options.written)
}

/**
 * Applies the schema of each plugin to its configuration: defaults, then checks. The arguments stay as they are; what is
 * returned is frozen.
 *
 * @throws MeshError `MESH_PLUGIN_INVALID` for what is no plugin; `MESH_CONFIG_INVALID` with all that is wrong with all
 * of them, two of one name included, by key path: `plugins[1].config.port: expected integer, got "x"`.
 */
export function configurePlugins (plugins: readonly PlacedPlugin[], written?: ReadonlyMap<string, string>): readonly LoadedPlugin[] {
  const problems: Problem[] = []
  const loaded = plugins.map((object, index): LoadedPlugin => {
    const plugin = checkPlugin(object.plugin, object.package ?? `plugins[${index}]`)
    const config = Default(plugin.config, structuredClone(object.config ?? {}))
    problems.push(...findProblems(plugin.config, config, { at: `plugins[${index}].config`, ...written && { written } }))
    return {
      plugin,
      package: object.package ?? plugin.name,
      config: deepFreeze(config) as LoadedPlugin['config'],
      required: object.required ?? plugin.required ?? false,
      ...object.place !== undefined && { place: object.place }
    }
  })
  problems.push(...findTwins(loaded))
  if (problems.length > 0) throw configInvalid(problems)
  return Object.freeze(loaded.map((plugin) => Object.freeze(plugin)))
}

async function importPlugin (specifier: string, options: LoadPluginsOptions): Promise<Required<Pick<PlacedPlugin, 'plugin' | 'place'>>> {
  const url = locate(specifier, options) ?? notFound(specifier, options)
  const module = await import(url.href).catch((cause: unknown) => { throw cannotImport(specifier, cause) }) as { default?: unknown }
  return { plugin: checkPlugin(module.default, specifier), place: placeOf(url, options.configDir) }
}

function locate (specifier: string, { configDir, fallbackDir }: LoadPluginsOptions): URL | undefined {
  try {
    if (isPath(specifier)) return resolvePath(specifier, configDir)
    const found = resolvePackage(specifier, configDir)
    return found ?? (fallbackDir === undefined ? undefined : resolvePackage(specifier, toFolder(fallbackDir)))
  } catch (cause) {
    throw cannotImport(specifier, cause)
  }
}

function findTwins (plugins: readonly LoadedPlugin[]): readonly Problem[] {
  return plugins.flatMap(({ plugin }, index) => {
    const first = plugins.findIndex((other) => other.plugin.name === plugin.name)
    return first === index ? [] : [{ path: `plugins[${index}]`, reason: `a second plugin named "${plugin.name}", like plugins[${first}]; remove one` }]
  })
}

function cannotImport (specifier: string, cause: unknown): MeshError {
  return new MeshError('MESH_PLUGIN_INVALID', `Plugin "${specifier}" cannot be imported: ${describeError(cause)}`, { cause })
}

function notFound (specifier: string, { configDir, fallbackDir }: LoadPluginsOptions): never {
  const places = isPath(specifier) || fallbackDir === undefined ? configDir : `${configDir} and ${toFolder(fallbackDir)}`
  const near = firstPartyPlugins.find((name) => name.endsWith(`/plugin-${specifier}`) || name.endsWith(`/${specifier}`)) ?? suggest(specifier, firstPartyPlugins)
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`
  const next = isPath(specifier) ? ' Paths start at the folder of runtime.toml.' : ` To install it: npm install ${near ?? specifier}`
  throw new MeshError('MESH_PLUGIN_NOT_FOUND', `There is no plugin "${specifier}"; looked from ${places}.${hint}${next}`)
}

function toFolder (folder: string | URL): string {
  return folder instanceof URL || folder.startsWith('file:') ? fileURLToPath(folder) : folder
}
