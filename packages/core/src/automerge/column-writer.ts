import { ByteSink } from './byte-sink.ts'

/** Literals of which the number takes one byte. */
const fewLiterals = 64

/** A column that is written row by row, and again after `clear`. */
export interface Column {
  clear (): void
  /** The column's bytes; nothing may be added before `clear`. */
  finish (): ByteSink
}

/**
 * Writes one run-length encoded column as Automerge's encoders do: two or more equal rows are a run, others stand together as
 * literals, nulls are counted, and a column of nothing but nulls is empty.
 */
export class ColumnWriter<Value extends number | string> implements Column {
  readonly #write: (out: ByteSink, value: Value) => void
  readonly #out = new ByteSink()
  #value: Value | undefined
  #count = 0
  #literals = 0
  /** Where the number of the literals stands. */
  #literalsAt = 0

  /** `write` appends one value's bytes. */
  constructor (write: (out: ByteSink, value: Value) => void) {
    this.#write = write
  }

  /** Adds `count` rows that hold this, or null. */
  add (value: Value | undefined, count = 1): void {
    if (count === 0) return
    if (value !== this.#value) {
      this.#endRun()
      this.#value = value
    }
    this.#count += count
  }

  clear (): void {
    this.#out.clear()
    this.#value = undefined
    this.#count = this.#literals = 0
  }

  finish (): ByteSink {
    if (this.#value === undefined && this.#out.length === 0) return this.#out
    this.#endRun()
    this.#endLiterals()
    return this.#out
  }

  #endRun (): void {
    if (this.#count === 0) return
    if (this.#value === undefined) {
      this.#endLiterals()
      this.#out.byte(0)
      this.#out.unsigned(this.#count)
    } else if (this.#count === 1) {
      if (this.#literals++ === 0) this.#beginLiterals()
      this.#write(this.#out, this.#value)
    } else {
      this.#endLiterals()
      this.#out.signed(this.#count)
      this.#write(this.#out, this.#value)
    }
    this.#count = 0
  }

  #beginLiterals (): void {
    this.#literalsAt = this.#out.length
    this.#out.byte(0)
  }

  #endLiterals (): void {
    if (this.#literals === 0) return
    if (this.#literals <= fewLiterals) this.#out.bytes[this.#literalsAt] = 0x80 - this.#literals
    else this.#out.replace(this.#literalsAt, -this.#literals)
    this.#literals = 0
  }
}

/** A column of numbers without sign, or of texts in ASCII. */
export const writeUnsigned = (out: ByteSink, value: number): void => out.unsigned(value)
export const writeAscii = (out: ByteSink, text: string): void => out.ascii(text)
const writeSigned = (out: ByteSink, value: number): void => out.signed(value)

/** A column of numbers, each written as its difference from the one before. */
export class DeltaWriter implements Column {
  readonly #column = new ColumnWriter<number>(writeSigned)
  #last = 0

  add (value: number | undefined, count = 1): void {
    if (value === undefined) return this.#column.add(undefined, count)
    this.#column.add(value - this.#last)
    this.#column.add(0, count - 1)
    this.#last = value
  }

  /** Adds `count` numbers, each greater by one than the one before. */
  addAscending (first: number, count: number): void {
    if (count === 0) return
    this.add(first)
    this.#column.add(1, count - 1)
    this.#last = first + count - 1
  }

  clear (): void {
    this.#column.clear()
    this.#last = 0
  }

  finish (): ByteSink { return this.#column.finish() }
}

/** A column of booleans: counts of false and true by turns, beginning with false. */
export class BooleanWriter implements Column {
  readonly #out = new ByteSink()
  #value = false
  #count = 0

  add (value: boolean, count = 1): void {
    if (value !== this.#value) {
      this.#out.unsigned(this.#count)
      this.#value = value
      this.#count = 0
    }
    this.#count += count
  }

  clear (): void {
    this.#out.clear()
    this.#value = false
    this.#count = 0
  }

  finish (): ByteSink {
    if (this.#count > 0) this.#out.unsigned(this.#count)
    this.#count = 0
    return this.#out
  }
}
