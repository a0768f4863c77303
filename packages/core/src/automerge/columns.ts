import type { Cursor } from './cursor.ts'

/** Columns of operations, by their specification: id and type (https://automerge.org/automerge-binary-format-spec/, "Columns"). */
export const opColumn = {
  objectActor: 0x01,
  objectCounter: 0x02,
  keyActor: 0x11,
  keyCounter: 0x13,
  keyText: 0x15,
  idActor: 0x21,
  idCounter: 0x23,
  insert: 0x34,
  action: 0x42,
  valueMeta: 0x56,
  value: 0x57,
  predCount: 0x70,
  predActor: 0x71,
  predCounter: 0x73,
  succCount: 0x80,
  expand: 0x94,
  markName: 0xa5
} as const

/** Columns of the changes in a document. */
export const changeColumn = {
  actor: 0x01,
  seq: 0x03,
  maxOp: 0x13,
  time: 0x23,
  depsCount: 0x40,
  depsIndex: 0x43,
  extraMeta: 0x56
} as const

/** Bytes of each column that is there, by specification. */
export type Columns = ReadonlyMap<number, Uint8Array>
/** Specification and length of each column, in the order of their bytes. */
export type ColumnTable = readonly (readonly [column: number, length: number])[]

/** Reads which columns there are. Refuses those that are unknown (also for being compressed), empty or out of order. */
export function readColumnTable (cursor: Cursor, known: ReadonlySet<number>): ColumnTable {
  const table: [number, number][] = []
  const count = cursor.unsigned()
  if (count > known.size) throw new RangeError(`it has ${count} columns`)
  for (let last = -1; table.length < count;) {
    const column = cursor.unsigned()
    if (!known.has(column)) throw new RangeError(`its column 0x${column.toString(16)} is ${known.has(column & ~8) ? 'compressed' : 'unknown'}`)
    const length = cursor.unsigned()
    if (column <= last || length === 0) throw new RangeError('its columns are out of order or empty')
    table.push([last = column, length])
  }
  return table
}

/** Cuts the columns of a table out of what follows. */
export function takeColumns (cursor: Cursor, table: ColumnTable): Columns {
  return new Map(table.map(([column, length]) => [column, cursor.take(length)]))
}
