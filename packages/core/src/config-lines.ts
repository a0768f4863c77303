import type { LoadedConfig } from './config.ts'
import { variableFor, type Origin } from './config-layers.ts'
import { runtimeSchema } from './config-schema.ts'
import { isTable, keyPath } from './config-tree.ts'
import type { SchemaView } from './config-words.ts'
import type { LoadedPlugin } from './load-plugins.ts'

/** One value of a configuration as it counts, for people to read. */
export interface ConfigLine {
  /** As messages name it: `mesh.peers[1].node_did`. */
  readonly path: string
  /** As written where it has a `${VAR}`; nothing of a secret that is written out. */
  readonly value: unknown
  readonly isSecret: boolean
  readonly origin: Origin
  /** The environment variable that it is from. */
  readonly variable?: string
}

/** Every value of a configuration with where it is from, those of plugins last, as they were configured. What has no value is left out. */
export function configLines ({ config, origins, written }: LoadedConfig, plugins: readonly LoadedPlugin[]): readonly ConfigLine[] {
  const { plugins: entries, ...sections } = config
  const line = (path: string, value: unknown, isSecret: boolean, origin: Origin): ConfigLine => {
    const text = written.get(path)
    return { path, value: text ?? (isSecret ? undefined : value), isSecret: isSecret && text === undefined, origin, ...origin === 'env' && { variable: variableFor(path) } }
  }
  const core = leavesOf(sections, runtimeSchema as SchemaView, '', false).map(({ path, root, value, isSecret }) => line(path, value, isSecret, origins.get(root) ?? 'default'))
  const listed = origins.get('plugins') ?? 'default'
  const own = plugins.flatMap(({ plugin, package: name, required, config: values }, index) => {
    const at = keyPath('plugins', index)
    const entry = entries[index]
    return [
      line(`${at}.package`, name, false, listed),
      line(`${at}.required`, required, false, entry?.required === undefined ? 'default' : listed),
      ...leavesOf(values, plugin.config as SchemaView, `${at}.config`, false).map(({ path, value, isSecret }) => line(path, value, isSecret, isWritten(entry?.config, path.slice(at.length + '.config.'.length)) ? listed : 'default'))
    ]
  })
  return [...core, ...own]
}

interface Leaf {
  readonly path: string
  /** The path of the value that has an origin: an array counts as one. */
  readonly root: string
  readonly value: unknown
  readonly isSecret: boolean
}

function leavesOf (value: unknown, schema: SchemaView | undefined, path: string, isSecret: boolean, root?: string): readonly Leaf[] {
  const isHidden = isSecret || schema?.writeOnly === true
  if (isTable(value)) return Object.entries(value).flatMap(([key, item]) => leavesOf(item, schema?.properties?.[key], keyPath(path, key), isHidden, root))
  if (Array.isArray(value) && value.some(isTable)) return value.flatMap((item, index) => leavesOf(item, schema?.items, keyPath(path, index), isHidden, root ?? path))
  return value === undefined ? [] : [{ path, root: root ?? path, value, isSecret: isHidden }]
}

/** Whether the first key of a path is in a plugin's table. */
function isWritten (table: Readonly<Record<string, unknown>> | undefined, path: string): boolean {
  return Object.keys(table ?? {}).some((key) => path === keyPath('', key) || path.startsWith(`${keyPath('', key)}.`) || path.startsWith(`${keyPath('', key)}[`))
}
