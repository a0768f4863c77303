import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../../', import.meta.url))

/** What the tests ask of a package.json. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly description?: string
  readonly license?: string
  readonly author?: string
  readonly homepage?: string
  readonly bugs?: { readonly url: string }
  readonly keywords?: readonly string[]
  readonly repository?: { readonly type: string, readonly url: string, readonly directory: string }
  readonly publishConfig?: Readonly<Record<string, unknown>>
  readonly sideEffects?: false | readonly string[]
  readonly files?: readonly string[]
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
}

/** A package of the workspace that is published. */
export interface PublicPackage {
  /** Its folder below packages/. */
  readonly folder: string
  readonly path: string
  readonly manifest: Manifest
}

/** Every package under packages/ that is not private. */
export const publicPackages: readonly PublicPackage[] = readdirSync(join(root, 'packages')).map((folder) => {
  const path = join(root, 'packages', folder)
  return { folder, path, manifest: readManifest(join(path, 'package.json')) }
}).filter(({ manifest }) => manifest.private !== true)

export function readManifest (path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest
}
