import { documentChunk, openChunk } from './chunk.ts'
import { changeColumn, opColumn, readColumnTable, takeColumns, type Columns } from './columns.ts'
import { ColumnWriter, DeltaWriter, writeUnsigned } from './column-writer.ts'
import type { Cursor } from './cursor.ts'
import { readNumbers } from './runs.ts'
import { actorBytes, maxChangeTime, maxLogChangeOps, maxSegmentBytes, maxSegmentChanges, maxSegmentOps } from './segment-limits.ts'

/** Neighbouring changes of one actor. */
export interface Turn {
  /** Index among the document's actors. */
  readonly actor: number
  /** Changes in it. */
  changes: number
  /** Counters of its first and its last operation. */
  readonly firstOp: number
  lastOp: number
}

/** A document taken apart, of whose operations only the number is known. */
export interface OpenDocument {
  readonly actors: readonly Uint8Array[]
  readonly head: Uint8Array
  readonly changes: number
  readonly turns: readonly Turn[]
  /** Counter of the last operation of each change. */
  readonly lastOps: readonly number[]
  /** Seconds since 1970 of each change. */
  readonly times: readonly number[]
  readonly opColumns: Columns
}

const { predCount, predActor, predCounter, expand, markName, ...ownOpColumns } = opColumn
const knownOpColumns: ReadonlySet<number> = new Set(Object.values(ownOpColumns))
const knownChangeColumns: ReadonlySet<number> = new Set(Object.values(changeColumn))
/** Metadata of extra bytes of a change that has none. */
export const noExtraBytes = 7

/**
 * Reads an uncompressed document chunk (https://automerge.org/automerge-binary-format-spec/, "Document Chunk") whose changes
 * are one chain, in which no actor writes again once another has written.
 *
 * @throws RangeError
 */
export function openDocument (bytes: Uint8Array): OpenDocument {
  if (bytes.length > maxSegmentBytes) throw new RangeError(`it has ${bytes.length} bytes, more than ${maxSegmentBytes}`)
  const { content } = openChunk(bytes, documentChunk)
  const actors = readActors(content)
  if (content.unsigned() !== 1) throw new RangeError('it has several heads, or none')
  const head = new Uint8Array(content.take(32))
  const changeTable = readColumnTable(content, knownChangeColumns)
  const opTable = readColumnTable(content, knownOpColumns)
  const changeColumns = takeColumns(content, changeTable)
  const opColumns = takeColumns(content, opTable)
  const lastOps = readNumbers(changeColumns.get(changeColumn.maxOp), 'delta', maxSegmentChanges)
  const turns = readTurns(changeColumns, lastOps, actors.length)
  const times = readTimes(changeColumns, lastOps.length)
  if (content.unsigned() !== lastOps.length - 1 || !content.done) throw new RangeError('its head is not its last change')
  return { actors, head, changes: lastOps.length, turns, lastOps, times, opColumns }
}

function readActors (cursor: Cursor): Uint8Array[] {
  const actors: Uint8Array[] = []
  const count = cursor.unsigned()
  if (count > maxSegmentChanges) throw new RangeError(`it has ${count} actors`)
  while (actors.length < count) {
    if (cursor.unsigned() !== actorBytes) throw new RangeError(`it has an actor that does not have ${actorBytes} bytes`)
    const actor = cursor.take(actorBytes)
    const last = actors.at(-1)
    if (last !== undefined && Buffer.compare(last, actor) >= 0) throw new RangeError('its actors are not in order')
    actors.push(actor)
  }
  return actors
}

function readTurns (columns: Columns, lastOps: readonly number[], actorCount: number): Turn[] {
  const turns: Turn[] = []
  const actors = readNumbers(columns.get(changeColumn.actor), 'uint', maxSegmentChanges)
  if (actors.length === 0 || actors.length !== lastOps.length) throw new RangeError('it has no changes, or does not say who made each')
  let before = 0
  for (const [index, lastOp] of lastOps.entries()) {
    if (lastOp <= before || lastOp > maxSegmentOps) throw new RangeError('its changes are out of order or have too many operations')
    if (lastOp - before > maxLogChangeOps) throw new RangeError(`it has a change of more than ${maxLogChangeOps} operations`)
    const actor = actors[index] as number
    const turn = turns.at(-1)
    if (turn?.actor === actor) {
      turn.changes++
      turn.lastOp = lastOp
    } else {
      turns.push({ actor, changes: 1, firstOp: before + 1, lastOp })
    }
    before = lastOp
  }
  checkTurns(columns, turns, actorCount, lastOps.length)
  return turns
}

/** The other columns of a chain of changes are known from whose turn it is. */
function checkTurns (columns: Columns, turns: readonly Turn[], actorCount: number, changes: number): void {
  const writers = new Set(turns.map(({ actor }) => actor))
  if (writers.size !== turns.length) throw new RangeError('an actor in it goes on after another has written')
  if (writers.size !== actorCount || turns.some(({ actor }) => actor >= actorCount)) throw new RangeError('it lists other actors than those that wrote')
  const [seq, depsCount, depsIndex] = [new DeltaWriter(), new ColumnWriter<number>(writeUnsigned), new DeltaWriter()]
  for (const turn of turns) seq.addAscending(1, turn.changes)
  depsCount.add(0)
  depsCount.add(1, changes - 1)
  depsIndex.addAscending(0, changes - 1)
  const extra = new ColumnWriter<number>(writeUnsigned)
  extra.add(noExtraBytes, changes)
  const expected = [[changeColumn.seq, seq], [changeColumn.depsCount, depsCount], [changeColumn.depsIndex, depsIndex], [changeColumn.extraMeta, extra]] as const
  for (const [column, writer] of expected) {
    if (!writer.finish().equals(columns.get(column))) throw new RangeError('its changes are not one chain')
  }
}

function readTimes (columns: Columns, changes: number): number[] {
  const times = readNumbers(columns.get(changeColumn.time), 'delta', maxSegmentChanges)
  if (times.length !== changes || times.some((time) => time < 0 || time > maxChangeTime)) throw new RangeError('it has changes without a time, or with one out of bounds')
  return times
}
