import { isAscii, isUtf8 } from 'node:buffer'
import { maxEntryBytes } from '../journal/entry.ts'
import { isEntryId } from '../journal/hybrid-clock.ts'
import { isJournalName } from '../journal-name.ts'
import { ByteSink } from './byte-sink.ts'
import { opColumn, type Columns } from './columns.ts'
import { Cursor } from './cursor.ts'
import { readNumbers } from './runs.ts'
import { maxLogChangeTextBytes } from './segment-limits.ts'
import { rootKeys, type SegmentRoot } from './segment-position.ts'

/** The largest text of an entry, in bytes: its body, and room for its frame with a kind of 64 escaped characters. */
export const maxTextBytes = maxEntryBytes + 512
const idStart = '{"id":"'.length
const idEnd = idStart + 26
const typeBits = 16
const uintType = 3
const textType = 6
const bytesType = 7
/** Metadata of the value of an operation that makes a list: null. */
export const noValue = 0

/** Values one after another: 16 times the length of each, and its type; and the bytes of all. */
export interface ValueRows { readonly metas: readonly number[], readonly bytes: Uint8Array }

/** The values of operations, from first to last. All throw `RangeError`. */
export class LogValues {
  readonly #metas: readonly number[]
  readonly #bytes: Buffer
  #row = 0
  #at = 0
  #textBytes = 0
  #lastId: string | undefined

  /** `lastId` is that of the entry before; none if there is none. */
  constructor (columns: Columns, maxRows: number, lastId: string | undefined) {
    this.#metas = readNumbers(columns.get(opColumn.valueMeta), 'uint', maxRows)
    const bytes = columns.get(opColumn.value) ?? new Uint8Array(0)
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#lastId = lastId
    const stated = this.#metas.reduce((sum, meta) => sum + lengthOf(meta), 0)
    if (stated !== bytes.length) throw new RangeError('its values are shorter or longer than it says')
  }

  /** Bytes of the texts read so far. */
  get textBytes (): number { return this.#textBytes }
  /** The id of the last entry read. */
  get lastId (): string | undefined { return this.#lastId }

  /** How many operations there are. */
  get rows (): number { return this.#metas.length }

  /** True when the next value is of bytes. */
  isBytes (): boolean {
    return (this.#metas[this.#row] ?? noValue) % typeBits === bytesType
  }

  /** How many of the first values are none. */
  countLists (): number {
    const first = this.#metas.findIndex((meta) => meta !== noValue)
    return first < 0 ? this.rows : first
  }

  /** Passes over the values of operations that make lists. */
  skipLists (count: number): void {
    for (let row = 0; row < count; row++) {
      if (this.#metas[this.#row++] !== noValue) throw new RangeError('it gives a list a value')
    }
  }

  uint (name: string): number {
    const cursor = new Cursor(this.#take(uintType, name))
    const value = cursor.unsigned()
    if (!cursor.done) throw new RangeError(`"${name}" in its root is not a number`)
    return value
  }

  journal (): string {
    const name = Buffer.from(this.#take(textType, 'journal')).toString('latin1')
    if (!isJournalName(name)) throw new RangeError('"journal" in its root is not the name of a journal')
    return name
  }

  hash (name: string): Uint8Array {
    const bytes = this.#take(bytesType, name)
    if (bytes.length !== 32) throw new RangeError(`"${name}" in its root does not have 32 bytes`)
    return new Uint8Array(bytes)
  }

  /** All values that were not read yet: views, not copies. */
  rest (): ValueRows {
    return { metas: this.#metas.slice(this.#row), bytes: this.#bytes.subarray(this.#at) }
  }

  /** Refuses next texts that have too many bytes for one change; `counts` says how many each change has. */
  checkChanges (counts: readonly number[]): void {
    let row = this.#row
    for (const count of counts) {
      let bytes = 0
      for (const end = row + count; row < end; row++) bytes += lengthOf(this.#metas[row] ?? noValue)
      if (bytes > maxLogChangeTextBytes) throw new RangeError(`it has ${bytes} bytes of text in one change, more than ${maxLogChangeTextBytes}`)
    }
  }

  /** Adds the next `count` texts to `into`, each an entry whose id is greater than that of the entry before. */
  texts (count: number, into: string[], maxBytes: number): void {
    const metas = this.#metas.slice(this.#row, this.#row + count)
    const start = this.#at
    for (const meta of metas) this.#pass(meta)
    const bytes = this.#bytes.subarray(start, this.#at)
    this.#textBytes += bytes.length
    if (this.#textBytes > maxBytes) throw new RangeError('its segment has too much text')
    const encoding = isAscii(bytes) ? 'latin1' : 'utf8' // the same for ASCII, and sooner done
    if (!isUtf8(bytes)) throw new RangeError('it has an entry that is not UTF-8')
    let at = 0
    for (const meta of metas) {
      const text = bytes.toString(encoding, at, at += lengthOf(meta))
      this.#lastId = checkId(text, this.#lastId)
      into.push(text)
    }
  }

  #pass (meta: number): void {
    const length = lengthOf(meta)
    if (meta % typeBits !== textType) throw new RangeError('it has an entry that is not a text')
    if (length > maxTextBytes) throw new RangeError(`it has an entry of ${length} bytes, more than ${maxTextBytes}`)
    this.#at += length
    this.#row++
  }

  #take (type: number, name: string): Uint8Array {
    const meta = this.#metas[this.#row++] ?? noValue
    if (meta % typeBits !== type) throw new RangeError(`"${name}" in its root is of another type`)
    const start = this.#at
    this.#at += lengthOf(meta)
    return this.#bytes.subarray(start, this.#at)
  }
}

/** Bytes of a value. */
export function lengthOf (meta: number): number {
  return Math.floor(meta / typeBits)
}

/** The values of operations that append texts. */
export function textRows (texts: readonly string[]): ValueRows {
  const all = texts.map((text) => Buffer.from(text))
  return { metas: all.map(({ length }) => length * typeBits + textType), bytes: all.length === 1 ? all[0] as Uint8Array : Buffer.concat(all) }
}

/** The values of a root, by default in the order in which the first change writes them. */
export function rootValues (root: SegmentRoot, keys: readonly string[] = rootKeys(root)): ValueRows {
  const values = keys.map((key) => rootValue(root, key))
  return { metas: values.map(([type, { length }]) => length * typeBits + type), bytes: Buffer.concat(values.map(([, bytes]) => bytes)) }
}

function rootValue ({ journal, segment, previousHead }: SegmentRoot, key: string): [type: number, bytes: Uint8Array] {
  if (key === 'journal') return [textType, Buffer.from(journal)]
  if (key === 'prev') return [bytesType, previousHead ?? new Uint8Array(0)]
  const number = new ByteSink()
  number.unsigned(key === 'v' ? 1 : segment)
  return [uintType, number.bytes.subarray(0, number.length)]
}

function checkId (text: string, lastId: string | undefined): string {
  const id = text.slice(idStart, idEnd)
  if (!text.startsWith('{"id":"') || !text.startsWith('",', idEnd) || !isEntryId(id)) throw new RangeError('it has an entry that does not begin with its id')
  if (lastId !== undefined && id <= lastId) throw new RangeError(`its entry ${id} does not come after ${lastId}`)
  return id
}
