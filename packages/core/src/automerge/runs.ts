import { isUtf8 } from 'node:buffer'
import { Cursor } from './cursor.ts'

/** What one row of a column holds. Texts have a character for each of their bytes. */
export type ColumnType = 'uint' | 'delta' | 'text'

/**
 * The rows of a run-length encoded column, run by run, so that what a column unfolds to is counted and never built. Refuses
 * what Automerge's encoder does not write: the same rows have other bytes then, and a change would have another hash once it
 * went through a document.
 *
 * @throws RangeError from `next`.
 */
export class Runs {
  /** Rows up to and with the current run. */
  rows = 0
  /** Rows of the current run. */
  count = 0
  /** What all rows of the current run hold; `undefined` is null. A delta is not summed up. */
  value: number | string | undefined
  readonly #cursor: Cursor
  readonly #type: ColumnType
  readonly #maxRows: number
  #literals = 0
  #afterLiterals = false

  constructor (column: Uint8Array, type: ColumnType, maxRows: number) {
    this.#cursor = new Cursor(column)
    this.#type = type
    this.#maxRows = maxRows
  }

  /** Goes to the next run; false after the last. */
  next (): boolean {
    if (this.#literals > 0) {
      this.#literals--
      return this.#step(1, this.#read())
    }
    if (this.#cursor.done) return false
    const count = this.#cursor.signed()
    if (count === 0) return this.#nulls(this.#cursor.unsigned())
    if (count === 1 || (count < 0 && this.#afterLiterals)) throw notCanonical()
    this.#bound(this.rows + Math.abs(count))
    this.#afterLiterals = count < 0
    this.#literals = count < 0 ? -count - 1 : 0
    return this.#step(count < 0 ? 1 : count, this.#read())
  }

  #nulls (count: number): boolean {
    if (count === 0 || (this.rows === 0 && this.#cursor.done)) throw notCanonical()
    this.#afterLiterals = false
    return this.#step(count, undefined)
  }

  #step (count: number, value: number | string | undefined): boolean {
    if (this.rows > 0 && value === this.value) throw notCanonical()
    this.#bound(this.rows += count)
    this.count = count
    this.value = value
    return true
  }

  #bound (rows: number): void {
    if (rows > this.#maxRows) throw new RangeError(`it has more than ${this.#maxRows} operations, or as many changes or predecessors`)
  }

  #read (): number | string {
    if (this.#type === 'uint') return this.#cursor.unsigned()
    if (this.#type === 'delta') return this.#cursor.signed()
    const text = this.#cursor.take(this.#cursor.unsigned())
    if (!isUtf8(text)) throw new RangeError('it has a key that is not UTF-8')
    return Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1')
  }
}

/** Unfolds a column of numbers without nulls, as they stand or as differences, into at most `maxRows` rows. */
export function readNumbers (column: Uint8Array | undefined, type: 'uint' | 'delta', maxRows: number): number[] {
  const numbers: number[] = []
  if (column === undefined) return numbers
  const runs = new Runs(column, type, maxRows)
  let value = 0
  while (runs.next()) {
    if (typeof runs.value !== 'number') throw new RangeError('it has a column with a gap')
    for (let row = 0; row < runs.count; row++) {
      value = type === 'delta' ? value + runs.value : runs.value
      numbers.push(value)
    }
  }
  return numbers
}

/** Rows of a column of booleans, which is counts of false and true by turns. */
export function countBooleans (column: Uint8Array): number {
  const cursor = new Cursor(column)
  let rows = 0
  for (let run = 0; !cursor.done; run++) {
    const count = cursor.unsigned()
    if (count === 0 && (run > 0 || cursor.done)) throw notCanonical()
    rows += count
  }
  return rows
}

function notCanonical (): RangeError {
  return new RangeError('it has a column in another form than Automerge writes')
}
