import type { Value } from 'typebox/value'
import { isTable } from './config-tree.ts'

export type SchemaError = ReturnType<typeof Value.Errors>[number]

/** The annotations and keywords of a schema that messages are made of. */
export interface SchemaView {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly SchemaView[]
  readonly properties?: Readonly<Record<string, SchemaView>>
  readonly items?: SchemaView
  readonly required?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly pattern?: string
  readonly default?: unknown
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly expects?: string
  readonly defaultText?: string
  readonly writeOnly?: boolean
}

/** What a schema asks for, in a few words: `integer`, `"pretty" or "json"`, `table`. */
export function describeType (schema: SchemaView): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  const choices = schema.enum?.map((choice) => JSON.stringify(choice)) ?? schema.anyOf?.map(describeType)
  if (choices !== undefined) return choices.join(' or ').replaceAll(/ or (?=.* or )/g, ', ')
  const types = [schema.type ?? 'value'].flat()
  return types.map((type) => type === 'object' ? 'table' : type).join(' or ')
}

/** What the broken keyword asks for: `expected integer from 1 to 65535`. */
export function describeExpectation ({ keyword, params, message }: SchemaError, schema: SchemaView): string {
  const type = describeType(schema)
  if (['type', 'enum', 'const', 'anyOf'].includes(keyword)) return `expected ${type}`
  if (keyword === 'pattern') return `expected ${schema.expects ?? `string that matches ${schema.pattern ?? ''}`}`
  if (keyword === 'minLength') return `expected ${type} of ${schema.minLength ?? 0} or more characters`
  if (!('comparison' in params)) return message
  const { minimum, maximum } = schema
  return `expected ${type} ${minimum === undefined || maximum === undefined ? `${params.comparison} ${params.limit}` : `from ${minimum} to ${maximum}`}`
}

/** What was found, short and never secret. `written` is shown in its place: the text of the file before `${VAR}` was filled in. */
export function describeValue (value: unknown, schema: SchemaView, written: string | undefined): string {
  if (schema.writeOnly === true) return 'a secret that is not shown'
  if (written !== undefined) return JSON.stringify(written)
  if (Array.isArray(value)) return 'array'
  if (value instanceof Date) return 'date'
  if (isTable(value)) return 'table'
  return JSON.stringify(value) ?? String(value)
}
