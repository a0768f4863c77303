import { chunk, leb128 } from './encoder.ts'

/** A document chunk taken apart, so that a test can change a part of it. */
export interface Parts {
  actors: Uint8Array[]
  heads: Uint8Array[]
  changes: Record<number, Uint8Array>
  ops: Record<number, Uint8Array>
  headIndexes: Uint8Array
}

/** The same document with parts changed, and the checksum that it should have. */
export function editDocument (document: Uint8Array, edit: (parts: Parts) => void): Uint8Array {
  const parts = takeApart(document)
  edit(parts)
  return putTogether(parts)
}

function takeApart (document: Uint8Array): Parts {
  let at = 9
  const number = () => {
    let [value, scale] = [0, 1]
    for (; (document[at] ?? 0) > 127; scale *= 128) value += ((document[at++] ?? 0) - 128) * scale
    return value + (document[at++] ?? 0) * scale
  }
  const take = (length: number) => {
    at += length
    return document.slice(at - length, at)
  }
  const list = <Item>(read: () => Item): Item[] => Array.from({ length: number() }, read)
  number()
  const actors = list(() => take(number()))
  const heads = list(() => take(32))
  const [changes, ops] = [list(() => [number(), number()] as const), list(() => [number(), number()] as const)]
  const cut = (table: typeof ops) => Object.fromEntries(table.map(([column, length]) => [column, take(length)]))
  return { actors, heads, changes: cut(changes), ops: cut(ops), headIndexes: document.slice(at) }
}

function putTogether ({ actors, heads, changes, ops, headIndexes }: Parts): Uint8Array {
  const sorted = (columns: Parts['ops']) => Object.entries(columns).map(([column, bytes]) => [Number(column), bytes] as const).sort(([a], [b]) => a - b)
  const tables = [changes, ops].map(sorted)
  return chunk(Buffer.concat([
    leb128(actors.length), ...actors.flatMap((actor) => [leb128(actor.length), actor]), leb128(heads.length), ...heads,
    ...tables.flatMap((table) => [leb128(table.length), ...table.flatMap(([column, { length }]) => [leb128(column), leb128(length)])]),
    ...tables.flatMap((table) => table.map(([, bytes]) => bytes)), headIndexes
  ]), 0)
}
