import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isTable, type Tree } from './config-tree.ts'

/** Conditions of an `import` in Node, in a package that `require.resolve` refuses. */
const conditions = new Set(['node', 'import', 'default'])

/** True for what names a file rather than a package: a relative or absolute path, or a file URL. */
export function isPath (specifier: string): boolean {
  return specifier.startsWith('file:') || /^\.{1,2}[/\\]/.test(specifier) || isAbsolute(specifier)
}

/** The URL of the file that a path or file URL names, seen from `folder`; `undefined` when there is none. */
export function resolvePath (specifier: string, folder: string): URL | undefined {
  const url = specifier.startsWith('file:') ? new URL(specifier) : pathToFileURL(resolve(folder, specifier))
  return existsSync(url) ? url : undefined
}

/**
 * The URL of a package's module as a file in `folder` would import it; `undefined` when the package is not installed
 * there. `require.resolve` is the one stable resolution for another folder in Node 20: it knows the conditions the
 * process was started with (`--conditions=source`), but not `import`, so a package that has nothing but that is looked
 * at once more. Throws Node's own error for a package that is there and cannot be imported.
 */
export function resolvePackage (specifier: string, folder: string): URL | undefined {
  const require = createRequire(join(folder, 'runtime.toml'))
  try {
    const path = require.resolve(specifier)
    return isAbsolute(path) ? pathToFileURL(path) : undefined
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    // With a path it is a file of the package that is missing.
    if (code === 'MODULE_NOT_FOUND' && path === undefined) return undefined
    const url = code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? resolveImport(specifier, require.resolve.paths(specifier) ?? []) : undefined
    if (url === undefined) throw error
    return url
  }
}

function resolveImport (specifier: string, roots: readonly string[]): URL | undefined {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const folder = roots.map((root) => join(root, name)).find((folder) => existsSync(join(folder, 'package.json')))
  if (folder === undefined) return undefined
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Tree
  const entry = isTable(exports) && '.' in exports ? exports[`.${specifier.slice(name.length)}`] : exports
  const target = pickTarget(entry)
  return target === undefined ? undefined : pathToFileURL(join(folder, target))
}

/** The first target, in the order of the file, whose conditions hold. */
function pickTarget (entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry
  if (!isTable(entry)) return undefined
  for (const [condition, inner] of Object.entries(entry)) {
    const target = conditions.has(condition) ? pickTarget(inner) : undefined
    if (target !== undefined) return target
  }
}
