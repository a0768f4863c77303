import { ByteSink } from './byte-sink.ts'
import { documentChunk, frameChunk } from './chunk.ts'
import { ColumnWriter, DeltaWriter, writeUnsigned, type Column } from './column-writer.ts'
import { changeColumn, opColumn } from './columns.ts'
import { noValue, rootValues, textRows, type ValueRows } from './log-values.ts'
import { columnsOf, planLists } from './segment-lists.ts'
import { noExtraBytes, type Turn } from './segment-document.ts'
import { rootKeys, type SegmentRoot } from './segment-position.ts'

/** Who wrote which changes of a segment, and when. */
export interface SegmentHistory {
  /** In the order of their turns. */
  readonly actors: readonly Uint8Array[]
  /** A turn's actor is an index into `actors`. */
  readonly turns: readonly Turn[]
  /** Counter of the last operation of each change. */
  readonly lastOps: readonly number[]
  /** Seconds since 1970 of each change. */
  readonly times: readonly number[]
}

/**
 * Writes the document chunk of a segment, with no column compressed: the bytes that Automerge saves
 * (https://automerge.org/automerge-binary-format-spec/, "Document Chunk"). Takes a few milliseconds for a full segment.
 */
export function writeDocument (root: SegmentRoot, history: SegmentHistory, head: Uint8Array, texts: readonly string[]): Uint8Array {
  const { actors, turns, lastOps, times } = withSortedActors(history)
  const out = new ByteSink(1 << 16)
  out.unsigned(actors.length)
  for (const actor of actors) {
    out.unsigned(actor.length)
    out.copy(actor)
  }
  out.unsigned(1)
  out.copy(head)
  const changes = changeColumns(turns, lastOps, times)
  const operations = opColumns(root, actors, turns, lastOps, textRows(texts))
  for (const columns of [changes, operations]) writeTable(out, columns)
  for (const columns of [changes, operations]) for (const [, column] of columns) out.append(column)
  out.unsigned(lastOps.length - 1)
  return frameChunk(documentChunk, out.bytes.subarray(0, out.length))
}

type Columns = readonly (readonly [id: number, bytes: ByteSink])[]

/** A document lists its actors in the order of their bytes. */
function withSortedActors ({ actors, turns, ...rest }: SegmentHistory): SegmentHistory {
  const sorted = actors.toSorted((a, b) => Buffer.compare(a, b))
  const places = actors.map((actor) => sorted.indexOf(actor))
  return { ...rest, actors: sorted, turns: turns.map((turn) => ({ ...turn, actor: places[turn.actor] as number })) }
}

function changeColumns (turns: readonly Turn[], lastOps: readonly number[], times: readonly number[]): Columns {
  const count = lastOps.length
  const [actor, depsCount, extra] = [new ColumnWriter<number>(writeUnsigned), new ColumnWriter<number>(writeUnsigned), new ColumnWriter<number>(writeUnsigned)]
  const [seq, maxOp, time, depsIndex] = [new DeltaWriter(), new DeltaWriter(), new DeltaWriter(), new DeltaWriter()]
  for (const turn of turns) {
    actor.add(turn.actor, turn.changes)
    seq.addAscending(1, turn.changes)
  }
  for (const lastOp of lastOps) maxOp.add(lastOp)
  for (const each of times) time.add(each)
  depsCount.add(0)
  depsCount.add(1, count - 1)
  depsIndex.addAscending(0, count - 1)
  extra.add(noExtraBytes, count)
  return finished([
    [changeColumn.actor, actor], [changeColumn.seq, seq], [changeColumn.maxOp, maxOp], [changeColumn.time, time],
    [changeColumn.depsCount, depsCount], [changeColumn.depsIndex, depsIndex], [changeColumn.extraMeta, extra]
  ])
}

function opColumns (root: SegmentRoot, actors: readonly Uint8Array[], turns: readonly Turn[], lastOps: readonly number[], texts: ValueRows): Columns {
  const { lists } = planLists(turns, lastOps, actors, rootKeys(root).length)
  const first = rootValues(root, rootKeys(root).toSorted())
  const metas = new ColumnWriter<number>(writeUnsigned)
  metas.add(noValue, lists.length)
  for (const meta of [...first.metas, ...texts.metas]) metas.add(meta)
  const values = new ByteSink(first.bytes.length + texts.bytes.length)
  values.copy(first.bytes)
  values.copy(texts.bytes)
  const others = finished([...columnsOf(lists, root).all, [opColumn.valueMeta, metas]])
  return [...others, [opColumn.value, values] as const].toSorted(([a], [b]) => a - b)
}

function finished (columns: readonly (readonly [id: number, column: Column])[]): Columns {
  return columns.map(([id, column]) => [id, column.finish()] as const).filter(([, { length }]) => length > 0)
}

function writeTable (out: ByteSink, columns: Columns): void {
  out.unsigned(columns.length)
  for (const [id, { length }] of columns) {
    out.unsigned(id)
    out.unsigned(length)
  }
}
