import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeError, MeshError } from '@akshi/core'

/** What a new plugin is to do. */
export const pluginKinds = ['transport', 'discovery', 'hooks'] as const
export type PluginKind = typeof pluginKinds[number]

export interface ScaffoldOptions {
  /** Of the package; npm's rules are checked. */
  readonly name: string
  readonly kind: PluginKind
  /** Where the folder of the package is made. */
  readonly into: string
  /** Of Akshi, that the plugin is written for. */
  readonly version: string
}

const templates = fileURLToPath(new URL('../../templates', import.meta.url))
const packageName = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z][a-z0-9-]{0,63}$/
/** npm would not pack the one, and would take the other for a package inside a package. */
const renamed = new Map([['gitignore', '.gitignore'], ['package.template.json', 'package.json']])

/**
 * Writes a package with a plugin that works, keeps the promises of its kind and can be published. Resolves to its folder and files.
 *
 * @throws MeshError `MESH_REQUEST_INVALID` (the name, or a folder that is not empty), `MESH_DISK_FAILED`.
 */
export async function writePlugin ({ name, kind, into, version }: ScaffoldOptions): Promise<{ readonly folder: string, readonly files: readonly string[] }> {
  if (!packageName.test(name)) throw new MeshError('MESH_REQUEST_INVALID', `"${name}" is no name for a plugin's package: lower-case letters, digits and hyphens, with @scope/ before it if you have one.`)
  const folder = join(into, basename(name))
  const words = { __package__: name, __name__: pluginName(name), __version__: version }
  try {
    await claim(folder)
    const files = await Promise.all(['common', kind].map((each) => copyTemplate(join(templates, each), folder, words)))
    return { folder, files: files.flat().sort() }
  } catch (cause) {
    if (cause instanceof MeshError) throw cause
    throw new MeshError('MESH_DISK_FAILED', `Cannot write ${folder}: ${describeError(cause)}. Check the folder's owner and free space.`, { cause })
  }
}

/** A plugin's name has no place for a scope, nor for what every package of its kind is called. */
function pluginName (name: string): string {
  return basename(name).replace(/^akshi-(plugin-)?(?=[a-z])/, '')
}

async function claim (folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  if ((await readdir(folder)).length > 0) throw new MeshError('MESH_REQUEST_INVALID', `${folder} is not empty. Choose another name, or empty it.`)
}

async function copyTemplate (from: string, to: string, words: Readonly<Record<string, string>>): Promise<string[]> {
  const entries = (await readdir(from, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  return await Promise.all(entries.map(async ({ parentPath, name }) => {
    const target = join(parentPath.slice(from.length + 1), renamed.get(name) ?? name)
    const text = await readFile(join(parentPath, name), 'utf8')
    await mkdir(dirname(join(to, target)), { recursive: true })
    await writeFile(join(to, target), text.replaceAll(/__[a-z]+__/g, (word) => words[word] ?? word))
    return target
  }))
}
