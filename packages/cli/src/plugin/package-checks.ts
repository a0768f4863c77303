import { configTable, type Plugin } from '@akshi/core'
import type { Manifest } from './plugin-folder.ts'

/** One line of a score card. */
export interface Line {
  readonly what: string
  /** Missing when it is as it should be. */
  readonly problem?: string
}

interface SchemaPart {
  readonly description?: string
  readonly default?: unknown
}

/** What a package needs, so that others can install the plugin and configure it. */
export function checkPackage (manifest: Manifest, plugin: Plugin, readme: string): readonly Line[] {
  const { name, version, type, license, description, engines, files, exports, dependencies = {}, peerDependencies = {} } = manifest
  const foreign = Object.keys({ ...dependencies, ...peerDependencies }).find((each) => each.startsWith('@akshi/plugin-'))
  return [
    lineOf('its default export is a plugin', true),
    lineOf('there is one core: a peer dependency', '@akshi/core' in peerDependencies && !('@akshi/core' in dependencies), 'move @akshi/core from dependencies to peerDependencies'),
    lineOf('it imports no other plugin', foreign === undefined, `it depends on ${foreign}; use a token of the cradle`),
    lineOf('it can be published', name !== undefined && version !== undefined && manifest.private !== true, 'package.json needs a name and a version, and no "private"'),
    lineOf('it says what is in it', files !== undefined && exports !== undefined && type === 'module', 'package.json needs "type": "module", "exports" and "files"'),
    lineOf('it says what it is', [license, description, engines?.node].every((each) => each !== undefined), 'package.json needs "license", "description" and "engines.node"'),
    ...checkSchema(plugin),
    lineOf('its README has the table of its keys', readme.includes(configTable(plugin.config)) || Object.keys(plugin.config.properties).length === 0, 'paste what configTable(plugin.config) returns')
  ]
}

function checkSchema ({ config }: Plugin): readonly Line[] {
  const { properties, required = [], additionalProperties } = config as { readonly properties: Readonly<Record<string, SchemaPart>>, readonly required?: readonly string[], readonly additionalProperties?: unknown }
  const keys = Object.entries(properties)
  const mute = keys.find(([, { description = '' }]) => description === '')?.[0]
  const open = keys.find(([key, part]) => !required.includes(key) && part.default === undefined)?.[0]
  const odd = keys.find(([key]) => !/^[a-z][a-z0-9_]*$/.test(key))?.[0]
  return [
    lineOf('its configuration knows its keys', additionalProperties === false, 'the schema needs { additionalProperties: false }, so that a mistyped key is found'),
    lineOf('each key has a description', mute === undefined, `"${mute}" has none`),
    lineOf('each key is required or has a default', open === undefined && keys.every(([key, part]) => !required.includes(key) || part.default === undefined || true), `"${open}" is neither`),
    lineOf('keys are snake_case', odd === undefined, `"${odd}" is not`)
  ]
}

function lineOf (what: string, isGood: boolean, problem = ''): Line {
  return isGood ? { what } : { what, problem }
}
