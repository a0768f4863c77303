/** A TOML table, or what stands for one. */
export type Tree = Record<string, unknown>

/** True for a table: not an array, not a date. */
export function isTable (value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** A key path as an operator writes it: `mesh.peers[1].node_did`; keys that TOML would quote are quoted. */
export function keyPath (base: string, key: string | number): string {
  if (typeof key === 'number') return `${base}[${key}]`
  const text = /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key)
  return base === '' ? text : `${base}.${text}`
}

/** The value at a dotted path of tables, or `undefined`. */
export function valueAt (tree: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => isTable(value) && Object.hasOwn(value, key) ? value[key] : undefined, tree)
}

/** Sets a value at a dotted path, and makes the tables on the way. Where something else stands on the way, nothing is set. */
export function setAt (tree: Tree, path: string, value: unknown): void {
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  let table: unknown = tree
  for (const key of keys) table = isTable(table) ? (table[key] ??= {}) : undefined
  if (isTable(table)) table[last] = value
}

/** A copy in which each string is what `change` returns for it and its key path. */
export function mapStrings (value: unknown, change: (text: string, path: string) => string, path = ''): unknown {
  if (typeof value === 'string') return change(value, path)
  if (Array.isArray(value)) return value.map((item, index) => mapStrings(item, change, keyPath(path, index)))
  if (!isTable(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change, keyPath(path, key))]))
}

/** Freezes a value and all that is in it. Returns its argument. */
export function deepFreeze<Value> (value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const item of Object.values(value)) deepFreeze(item)
  return Object.freeze(value)
}
