import { readFile } from 'node:fs/promises'
import { join, parse as parsePath, relative, resolve } from 'node:path'
import { cosmiconfig, defaultLoaders } from 'cosmiconfig'
import { parse, TomlError } from 'smol-toml'
import type { Tree } from './config-tree.ts'
import { describeError, isMeshError, MeshError } from './errors.ts'

/** A runtime.toml as parsed, with nothing filled in. */
export interface ConfigFile {
  readonly path: string
  /** The path as messages show it: relative to the working folder where it lies below it. */
  readonly label: string
  readonly tree: Tree
}

export interface ConfigPlaces {
  readonly configPath?: string | undefined
  /** Absolute path of the node's folder, when it was given outside of the file. */
  readonly home?: string | undefined
  readonly cwd: string
  /** Absolute path of the folder that `~` stands for. */
  readonly userHome: string
}

const fileName = 'runtime.toml'

/**
 * The runtime.toml that counts: `configPath`, else the one in `home` when that was given, else the first one from
 * `cwd` upward, else `~/.akshi/runtime.toml`. `undefined` when there is none.
 *
 * @throws MeshError `MESH_CONFIG_NOT_FOUND` (`configPath` cannot be read) or `MESH_CONFIG_INVALID` (a file that was
 * found cannot be read, or its TOML cannot be parsed).
 */
export async function readConfigFile (places: ConfigPlaces): Promise<ConfigFile | undefined> {
  const { configPath, home, cwd, userHome } = places
  if (configPath !== undefined) return readGiven(resolve(cwd, configPath), cwd)
  if (home !== undefined) return readIfThere(join(home, fileName), cwd)
  return await searchUpward(resolve(cwd)) ?? readIfThere(join(userHome, '.akshi', fileName), cwd)
}

async function readGiven (path: string, cwd: string): Promise<ConfigFile> {
  const file = await readIfThere(path, cwd)
  if (file !== undefined) return file
  throw new MeshError('MESH_CONFIG_NOT_FOUND', `There is no configuration at ${path}. Check the path given with -c, or make one with: akshi init`)
}

async function readIfThere (path: string, cwd: string): Promise<ConfigFile | undefined> {
  const label = labelOf(path, cwd)
  try {
    return { path, label, tree: parseToml(await readFile(path, 'utf8'), label) }
  } catch (cause) {
    if (isMeshError(cause)) throw cause
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined
    throw new MeshError('MESH_CONFIG_INVALID', `Cannot read the configuration ${path}: ${describeError(cause)}.`, { cause })
  }
}

/**
 * With a stop folder cosmiconfig climbs to the root. After that it tries names of its own in a folder of its own: its
 * loaders are replaced by ones that find nothing there. A table holds the result, because it gives `$import` a meaning.
 */
async function searchUpward (cwd: string): Promise<ConfigFile | undefined> {
  const ignored = Object.keys(defaultLoaders).map((extension) => [extension, () => null])
  const explorer = cosmiconfig('akshi', {
    searchPlaces: [fileName],
    searchStrategy: 'global',
    stopDir: parsePath(cwd).root,
    loaders: { ...Object.fromEntries(ignored), '.toml': (path, text) => ({ tree: parseToml(text, labelOf(path, cwd)) }) },
    ignoreEmptySearchPlaces: false,
    cache: false
  })
  const found = await explorer.search(cwd) as { filepath: string, config?: { tree: Tree } } | null
  return found === null ? undefined : { path: found.filepath, label: labelOf(found.filepath, cwd), tree: found.config?.tree ?? {} }
}

/** Parses TOML. `label` names the file in the error: `label:line:column: reason`, and the line with a caret below. */
export function parseToml (text: string, label: string): Tree {
  try {
    return parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw syntaxError(error, text, label)
  }
}

/** The parser's own error quotes whole lines, secrets and all: it is not passed on as the cause. */
function syntaxError ({ message, line, column }: TomlError, text: string, label: string): MeshError {
  const reason = (message.split('\n')[0] ?? message).replace('Invalid TOML document: ', '')
  const source = text.replace(/^\uFEFF/, '').split(/\r?\n/)[line - 1] ?? ''
  return new MeshError('MESH_CONFIG_INVALID', `${label}:${line}:${column}: ${reason}\n${quoteLine(source, line, column)}`)
}

function quoteLine (source: string, line: number, column: number): string {
  const secret = /^(.*?(?:token|secret|password|key)[A-Za-z0-9_-]*["']?\s*=).*$/i.exec(source)
  if (secret !== null) return `  ${line} | ${secret[1]} (not shown)`
  const caret = source.slice(0, column - 1).replaceAll(/[^\t]/g, ' ') + '^'
  return `  ${line} | ${source}\n  ${' '.repeat(String(line).length)} | ${caret}`
}

function labelOf (path: string, cwd: string): string {
  const short = relative(resolve(cwd), path)
  return short.startsWith('..') ? path : short
}
