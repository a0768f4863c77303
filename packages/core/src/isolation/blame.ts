import { existsSync } from 'node:fs'
import { dirname, join, parse, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PluginHost } from './plugin-host.ts'

/** Where the code of core is: absolute path of a folder. */
export const core = packageFolder(fileURLToPath(import.meta.url))

/**
 * The plugin in whose code an error arose: of its stack, what is nearest to the throw and belongs to core or to a plugin decides.
 * `undefined` when that is core, when nothing in it belongs to either, or when the plugin was given as an object.
 */
export function blame (error: unknown, hosts: readonly PluginHost[]): PluginHost | undefined {
  return error instanceof Error ? ownerOf(filesOf(error.stack ?? ''), hosts) : undefined
}

/** Whose is the first of these files that is anybody's. */
export function ownerOf (files: readonly string[], hosts: readonly PluginHost[]): PluginHost | undefined {
  const places = hosts.flatMap((host) => host.loaded.place === undefined ? [] : [{ host, place: host.loaded.place }])
  for (const file of files) {
    const owner = places.filter(({ place }) => isIn(file, place)).toSorted((a, b) => b.place.length - a.place.length)[0]
    if (owner !== undefined) return owner.host
    if (isIn(file, core)) return undefined
  }
}

/**
 * Where a plugin's code is: the folder of its package; or the file itself, when that has no package but the one that runtime.toml is in,
 * where others may lie beside it.
 */
export function placeOf (url: URL, configDir: string): string {
  const file = fileURLToPath(url)
  const folder = packageFolder(file)
  return isIn(configDir, folder) ? file : folder
}

/** Absolute paths, nearest to the throw first. */
function filesOf (stack: string): readonly string[] {
  return stack.split('\n').flatMap((line) => /^\s+at .*?(?<file>file:\/\/\/[^)]+|\/[^)]+?):\d+:\d+\)?$/.exec(line)?.groups?.['file'] ?? []).map((file) => file.startsWith('file:') ? fileURLToPath(file) : file)
}

function isIn (file: string, place: string): boolean {
  return file === place || file.startsWith(place.endsWith(sep) ? place : place + sep)
}

function packageFolder (file: string): string {
  for (let folder = dirname(file); folder !== parse(folder).root; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
  }
  return file
}
