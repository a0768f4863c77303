import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describeError, isMeshError, loadPlugins, MeshError, type Plugin } from '@akshi/core'
import type { Kit, Subject } from './kit.ts'

/** What matters here of a package.json. */
export interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly private?: boolean
  readonly type?: string
  readonly license?: string
  readonly description?: string
  readonly engines?: Readonly<Record<string, string>>
  readonly files?: readonly string[]
  readonly exports?: unknown
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly akshi?: { readonly conformance?: string }
}

/** What the module says that `akshi.conformance` of package.json names. */
export interface Conformance {
  /** As `transportSubject` and `discoverySubject` of the testkit make it. */
  readonly subject?: Subject
  /** For a plugin that adds no part: what to run it with in a node. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Why nothing can be tried on this machine. */
  readonly skipped?: string
}

/** A folder with the package of a plugin. */
export class PluginFolder {
  readonly path: string
  readonly manifest: Manifest

  private constructor (path: string, manifest: Manifest) {
    this.path = path
    this.manifest = manifest
  }

  /** Throws `MESH_PLUGIN_NOT_FOUND` when there is no package.json. */
  static async open (path: string): Promise<PluginFolder> {
    const file = join(path, 'package.json')
    try {
      return new PluginFolder(path, JSON.parse(await readFile(file, 'utf8')) as Manifest)
    } catch (cause) {
      throw new MeshError('MESH_PLUGIN_NOT_FOUND', `Cannot read ${file}: ${describeError(cause)}. Give the folder of a plugin's package; "akshi plugin new" makes one.`, { cause })
    }
  }

  /** Its plugin. Throws `MESH_PLUGIN_NOT_FOUND` (no module) or `MESH_PLUGIN_INVALID`. */
  async plugin (): Promise<Plugin> {
    const entry = this.#entry()
    try {
      await loadPlugins([{ package: entry, config: {} }], { configDir: this.path })
    } catch (error) {
      if (!isMeshError(error, 'MESH_CONFIG_INVALID')) throw error                     // keys that it needs; the rest is as it should be
    }
    return (await import(pathToFileURL(entry).href) as { readonly default: Plugin }).default
  }

  async readme (): Promise<string> {
    return await readFile(join(this.path, 'README.md'), 'utf8').catch(() => '')
  }

  /** Throws `MESH_PLUGIN_INVALID` when there is a module and it cannot be imported. */
  async conformance (): Promise<Conformance> {
    const file = this.manifest.akshi?.conformance
    if (file === undefined) return {}
    try {
      return await import(pathToFileURL(join(this.path, file)).href) as Conformance
    } catch (cause) {
      throw new MeshError('MESH_PLUGIN_INVALID', `Cannot import ${file}, which "akshi.conformance" of package.json names: ${describeError(cause)}`, { cause })
    }
  }

  /** The testkit that it develops with: of the version that it is written for. Throws `MESH_PLUGIN_NOT_FOUND`. */
  async kit (): Promise<Kit> {
    try {
      return await import(pathToFileURL(this.#require().resolve('@akshi/testkit')).href) as Kit
    } catch (cause) {
      throw new MeshError('MESH_PLUGIN_NOT_FOUND', `${this.path} has no @akshi/testkit: ${describeError(cause)}. To install it: npm install --save-dev @akshi/testkit`, { cause })
    }
  }

  /** Node resolves a package's own name by its exports. */
  #entry (): string {
    try {
      return this.#require().resolve(this.manifest.exports === undefined ? this.path : this.manifest.name ?? this.path)
    } catch (cause) {
      throw new MeshError('MESH_PLUGIN_NOT_FOUND', `${this.path} has no module to import: ${describeError(cause)}. Say where it is in package.json: "exports": { ".": { "default": "./src/index.js" } }.`, { cause })
    }
  }

  #require (): NodeJS.Require {
    return createRequire(join(this.path, 'package.json'))
  }
}
