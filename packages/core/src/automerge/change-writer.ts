import type { AppendRun } from './append-plan.ts'
import { ByteSink } from './byte-sink.ts'
import { changeChunk } from './chunk.ts'
import { ColumnWriter, writeUnsigned, type Column } from './column-writer.ts'
import { opColumn } from './columns.ts'
import { LogColumns } from './log-columns.ts'
import { lengthOf, noValue, rootValues, type ValueRows } from './log-values.ts'
import { rootKeys, type SegmentRoot } from './segment-position.ts'

/** Room before the content of a change for its kind and its length. */
const frameRoom = 8
const nothing: ValueRows = { metas: [], bytes: new Uint8Array(0) }

/** A log change but for what it depends on and its texts. */
export interface PlannedChange {
  readonly actor: Uint8Array
  readonly seq: number
  readonly startOp: number
  readonly time: number
  /** Of the first change of a segment. */
  readonly root: SegmentRoot | undefined
  readonly runs: readonly AppendRun[]
}

type Section = readonly [id: number, column: Column]

/** Writes log changes as Automerge does, one over the other, into room that is used again. */
export class ChangeWriter {
  readonly #columns = new LogColumns('change')
  readonly #metas = new ColumnWriter<number>(writeUnsigned)
  readonly #beforeValues: readonly Section[]
  readonly #afterValues: readonly Section[]
  readonly #out = new ByteSink(1 << 12)
  #texts = nothing
  #row = 0
  #at = 0

  constructor () {
    const sections = [...this.#columns.all, [opColumn.valueMeta, this.#metas] as const].toSorted(([a], [b]) => a - b)
    this.#beforeValues = sections.filter(([id]) => id < opColumn.value)
    this.#afterValues = sections.filter(([id]) => id > opColumn.value)
  }

  /** The texts that the changes written from now on append, in turn. */
  take (texts: ValueRows): void {
    this.#texts = texts
    this.#row = this.#at = 0
  }

  /** The next change after the one with this hash, without magic bytes and checksum: what is hashed. A view that ends with the next call. */
  write (change: PlannedChange, previous: Uint8Array | undefined): Uint8Array {
    const { root, runs, actor } = change
    this.#metas.clear()
    this.#columns.setChange(root === undefined ? [] : rootKeys(root), runs, actor)
    const first = root === undefined ? nothing : rootValues(root)
    for (const meta of first.metas) this.#metas.add(meta)
    const textBytes = this.#takeMetas(runs)
    this.#out.length = frameRoom
    this.#writeHeader(change, previous)
    this.#writeColumns(first.bytes, textBytes)
    return this.#frame()
  }

  /** Adds the metadata of the texts that are next and returns how many bytes they have. */
  #takeMetas (runs: readonly AppendRun[]): number {
    let bytes = 0
    for (const { makesList, count } of runs) {
      if (makesList) this.#metas.add(noValue)
      for (const end = this.#row + count; this.#row < end; this.#row++) {
        const meta = this.#texts.metas[this.#row] as number
        this.#metas.add(meta)
        bytes += lengthOf(meta)
      }
    }
    return bytes
  }

  #writeHeader ({ actor, seq, startOp, time }: PlannedChange, previous: Uint8Array | undefined): void {
    const out = this.#out
    out.byte(previous === undefined ? 0 : 1)
    if (previous !== undefined) out.copy(previous)
    out.byte(actor.length)
    out.copy(actor)
    out.unsigned(seq)
    out.unsigned(startOp)
    out.signed(time)
    out.byte(0) // bytes of its message
    out.byte(0) // other actors
  }

  #writeColumns (rootBytes: Uint8Array, textBytes: number): void {
    const out = this.#out
    const countAt = out.length
    out.byte(0)
    const before = this.#writeTable(this.#beforeValues)
    out.unsigned(opColumn.value)
    out.unsigned(rootBytes.length + textBytes)
    const after = this.#writeTable(this.#afterValues)
    out.bytes[countAt] = before + 1 + after
    for (const [, column] of this.#beforeValues) out.append(column.finish())
    out.copy(rootBytes)
    out.copy(this.#texts.bytes, this.#at, this.#at += textBytes)
    for (const [, column] of this.#afterValues) out.append(column.finish())
  }

  /** Writes which columns there are and returns how many. */
  #writeTable (sections: readonly Section[]): number {
    let count = 0
    for (const [id, column] of sections) {
      const { length } = column.finish()
      if (length === 0) continue
      this.#out.unsigned(id)
      this.#out.unsigned(length)
      count++
    }
    return count
  }

  /** Writes kind and length before the content and returns all of it. */
  #frame (): Uint8Array {
    const out = this.#out
    const end = out.length
    let start = frameRoom - 2
    for (let left = end - frameRoom; left >= 0x80; left >>= 7) start--
    out.length = start
    out.byte(changeChunk)
    out.unsigned(end - frameRoom)
    return out.bytes.subarray(start, end)
  }
}
