import type { TSchema } from 'typebox'
import { Errors, Settings } from '#typebox'
import { didYouMean } from './config-suggest.ts'
import { keyPath } from './config-tree.ts'
import { describeExpectation, describeType, describeValue, type SchemaError, type SchemaView } from './config-words.ts'
import { MeshError } from './errors.ts'

/** One thing that is wrong: the key path, and what was expected and found. */
export interface Problem {
  readonly path: string
  readonly reason: string
}

export interface FindOptions {
  /** Key path of the value itself, for instance `plugins[1].config`. Default: the root. */
  readonly at?: string
  /** Strings with `${VAR}` as the file has them, by key path: shown in place of the values filled in, which may be secret. */
  readonly written?: ReadonlyMap<string, string>
}

/** Everything in `value` that `schema` does not allow, in words: one problem a key path, unknown keys with a did-you-mean. */
export function findProblems (schema: TSchema, value: unknown, options: FindOptions = {}): readonly Problem[] {
  const errors = allErrors(schema, value)
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ schemaPath }) => `${schemaPath}/anyOf/`)
  const problems = new Map<string, Problem>()
  for (const error of errors) {
    if (unions.some((prefix) => error.schemaPath.startsWith(prefix))) continue
    for (const problem of toProblems(error, schema, value, options)) {
      if (!problems.has(problem.path)) problems.set(problem.path, problem)
    }
  }
  return [...problems.values()]
}

/** The one error for everything that is wrong, a line each: `label: key path: reason`. */
export function configInvalid (problems: readonly (Problem & { readonly label?: string })[]): MeshError {
  const lines = problems.map(({ label, path, reason }) => [label, path, reason].filter((part) => part !== undefined && part !== '').join(': '))
  return new MeshError('MESH_CONFIG_INVALID', lines.join('\n'))
}

/** TypeBox stops after 8 errors unless told otherwise, and has no option for one call. */
function allErrors (schema: TSchema, value: unknown): readonly SchemaError[] {
  const { maxErrors } = Settings.Get()
  Settings.Set({ maxErrors: 1_000 })
  try {
    return Errors(schema, value)
  } finally {
    Settings.Set({ maxErrors })
  }
}

function toProblems (error: SchemaError, schema: TSchema, root: unknown, options: FindOptions): readonly Problem[] {
  const { path, value } = locate(root, error.instancePath, options.at ?? '')
  const part = schemaAt(schema, error.schemaPath)
  const { keyword, params } = error
  if (keyword === 'required') return params.requiredProperties.map((key) => missing(keyPath(path, key), part.properties?.[key]))
  if (keyword === 'additionalProperties') return params.additionalProperties.map((key) => unknownKey(path, key, part))
  // The false schema under `additionalProperties: false`: that keyword reports the key itself.
  if (keyword === 'boolean') return []
  return [{ path, reason: `${describeExpectation(error, part)}, got ${describeValue(value, part, options.written?.get(path))}` }]
}

function missing (path: string, schema: SchemaView = {}): Problem {
  return { path, reason: `expected ${describeType(schema)}, got nothing (required)` }
}

function unknownKey (base: string, key: string, { properties = {} }: SchemaView): Problem {
  return { path: keyPath(base, key), reason: `unknown key${didYouMean(key, Object.keys(properties))}` }
}

/** Follows a JSON pointer; a number is an index only where an array stands. */
function locate (root: unknown, pointer: string, at: string): { path: string, value: unknown } {
  let path = at
  let value = root
  for (const key of parsePointer(pointer)) {
    path = keyPath(path, Array.isArray(value) ? Number(key) : key)
    value = (value as Record<string, unknown>)[key]
  }
  return { path, value }
}

function schemaAt (schema: TSchema, pointer: string): SchemaView {
  return parsePointer(pointer).reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], schema) as SchemaView | undefined ?? {}
}

function parsePointer (pointer: string): readonly string[] {
  return pointer.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}
