import type { TSchema } from 'typebox'
import { keyPath } from './config-tree.ts'
import { describeType, type SchemaView } from './config-words.ts'

/**
 * The Markdown table of a configuration schema: key, type, default, description; no newline at its end. Tables are
 * flattened, `peers[].name` is a key of each table of an array. READMEs hold it, and a test keeps them equal.
 */
export function configTable (schema: TSchema): string {
  const rows = listRows(schema as SchemaView, '')
  return ['| Key | Type | Default | Description |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function listRows (schema: SchemaView, base: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, part]) => {
    const path = keyPath(base, key)
    if (part.properties !== undefined) return listRows(part, path)
    const row = toRow(path, part, schema.required?.includes(key) === true)
    return part.items?.properties === undefined ? [row] : [row, ...listRows(part.items, `${path}[]`)]
  })
}

function toRow (path: string, schema: SchemaView, required: boolean): string {
  const cells = [`\`${path}\``, describeType(schema), describeDefault(schema, required), schema.description ?? '']
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

function describeDefault (schema: SchemaView, required: boolean): string {
  if (schema.defaultText !== undefined) return schema.defaultText
  if (schema.default === undefined) return required ? 'required' : 'none'
  return Array.isArray(schema.default) && schema.default.length > 0 ? 'see below' : `\`${JSON.stringify(schema.default)}\``
}
