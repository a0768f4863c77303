import { stringify } from 'smol-toml'
import { firstPartyPlugins, runtimeSchema } from './config-schema.ts'
import { keyPath, type Tree } from './config-tree.ts'
import type { SchemaView } from './config-words.ts'

/** What `akshi init` knows; the rest of the file is defaults, commented out. */
export interface InitialConfig {
  readonly name: string
  readonly home?: string | undefined
  readonly port?: number | undefined
  readonly bind?: string | undefined
  readonly trust?: string | undefined
  readonly meshId?: string | undefined
  /** What to declare under `[[plugins]]`. Default: the first-party plugins. */
  readonly plugins?: readonly { readonly package: string, readonly config?: Tree }[] | undefined
}

const heading = `# Configuration of an Akshi mesh node. A key that is commented out shows its default, or an example where it has
# none: remove the "#" before a key (and before its [[table]]) to set it. Check the file with: akshi config check
# Environment and flags come after this file: AKSHI_DASHBOARD_PORT sets dashboard.port.`

/**
 * The text of a runtime.toml that explains itself: each key of the schema with its description; what equals the default
 * is commented out; the first-party plugins are declared. It loads as it is, and with every comment sign before a key
 * removed. Values are not checked.
 */
export function commentedConfig (initial: InitialConfig): string {
  const values = new Map<string, unknown>([
    ['node.name', initial.name], ['node.home', initial.home], ['dashboard.port', initial.port],
    ['dashboard.bind', initial.bind], ['mesh.trust', initial.trust], ['mesh.id', initial.meshId],
    ['plugins', initial.plugins ?? firstPartyPlugins.map((name) => ({ package: name }))]
  ])
  return `${heading}\n${writeTable(runtimeSchema as SchemaView, '', values)}`
}

/** TOML wants a table's own values before the tables in it. */
function writeTable (schema: SchemaView, base: string, values: ReadonlyMap<string, unknown>): string {
  const parts = Object.entries(schema.properties ?? {}).map(([key, part]) => ({ key, part, path: keyPath(base, key) }))
  const inner = parts.filter(({ part }) => part.properties !== undefined || part.items?.properties !== undefined)
  const own = parts.filter((part) => !inner.includes(part))
  return [
    ...own.map(({ key, part, path }) => writeValue(key, part, values.get(path))),
    ...inner.map(({ part, path }) => part.properties === undefined
      ? writeArray(part, path, values.get(path))
      : `\n# ${part.description ?? ''}\n[${path}]\n${writeTable(part, path, values)}`)
  ].join('')
}

function writeValue (key: string, schema: SchemaView, value: unknown): string {
  const text = stringify({ [key]: escape(value) ?? schema.default ?? schema.examples?.[0] ?? exampleOf(key, schema) })
  const sign = value === undefined || value === schema.default ? '#' : ''
  return `# ${schema.description ?? ''}\n${sign}${text.trimEnd()}\n`
}

/** For a key whose default is only told in words. TOML would leave a key out that has no value. */
function exampleOf (key: string, { type, defaultText }: SchemaView): unknown {
  if (type === 'boolean') return defaultText === 'true'
  throw new TypeError(`The schema of "${key}" needs a default or an example, for the file that init writes`)
}

/** An array of tables: what is in it is declared, an empty one is shown by an example. */
function writeArray (schema: SchemaView, path: string, items: unknown): string {
  const heading = `\n# ${schema.description ?? ''}\n`
  if (Array.isArray(items) && items.length > 0) return heading + stringify({ [path]: items })
  const keys = Object.entries(schema.items?.properties ?? {}).filter(([, part]) => part.type !== 'object')
  return `${heading}#[[${path}]]\n${keys.map(([key, part]) => writeValue(key, part, undefined)).join('')}`
}

function escape (value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('${', () => '$${') : value
}
