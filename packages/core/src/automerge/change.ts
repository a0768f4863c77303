import { sameBytes } from '../bytes.ts'
import { changeChunk, openChunk } from './chunk.ts'
import { opColumn, readColumnTable, takeColumns, type Columns } from './columns.ts'
import type { Cursor } from './cursor.ts'
import { countBooleans, Runs, type ColumnType } from './runs.ts'

/** What an Automerge change says about itself, read without Automerge. */
export interface ChangeHeader {
  /** The change's hash, which is the head of a document that ends with it: 32 bytes. */
  readonly hash: Uint8Array
  readonly deps: readonly Uint8Array[]
  readonly actor: Uint8Array
  /** Number of the change within its actor, from 1. */
  readonly seq: number
  /** Counter of its first operation. */
  readonly startOp: number
  /** Seconds since the Unix epoch, by its writer. */
  readonly time: number
  readonly opCount: number
  /** Actors that its operations name besides its own. Automerge panics when one of them has no change in the document yet. */
  readonly otherActors: readonly Uint8Array[]
}

/** A change taken apart, with nothing unfolded and its columns not looked into. */
export interface OpenChange extends Omit<ChangeHeader, 'opCount'> {
  /** Bytes of its message. */
  readonly messageBytes: number
  readonly columns: Columns
  readonly extraBytes: number
}

const maxChangeBytes = 1 << 20
const maxDeps = 64
const maxOtherActors = 4096
const maxActorBytes = 64
const maxMessageBytes = 1024
const maxExtraBytes = 1024
const maxCounter = 2 ** 32 - 1
const maxUnfoldedTextBytes = 8 << 20
const { idActor, idCounter, succCount, ...ownColumns } = opColumn
const known: ReadonlySet<number> = new Set(Object.values(ownColumns))

/**
 * Reads one uncompressed change chunk (https://automerge.org/automerge-binary-format-spec/, "Change Chunk") and counts what it
 * unfolds to, without unfolding it: time and memory stay in proportion to its bytes. Whether its operations make sense is
 * Automerge's to say.
 *
 * @throws RangeError when the bytes are not exactly one such chunk with the right checksum, or are not what Automerge
 * writes for this change, or unfold to more than `maxOps` operations or predecessors.
 */
export function readChange (bytes: Uint8Array, { maxOps }: { readonly maxOps: number }): ChangeHeader {
  const { hash, deps, actor, seq, startOp, time, columns, otherActors } = openChange(bytes)
  const opCount = countOperations(columns, maxOps, otherActors.length + 1)
  if (startOp + opCount > maxCounter) throw new RangeError(`its operations are numbered beyond ${maxCounter}`)
  return { hash, deps, actor, seq, startOp, time, opCount, otherActors }
}

/** The hashes of the changes that a change builds on. Throws `RangeError` unless it is one chunk with the right checksum. */
export function readDeps (bytes: Uint8Array): readonly Uint8Array[] {
  return ascending(openChunk(bytes, changeChunk).content, 'dependencies', maxDeps, 32)
}

/** Takes a change apart. Throws `RangeError` unless it is exactly one chunk with the right checksum and small fields. */
export function openChange (bytes: Uint8Array): OpenChange {
  if (bytes.length > maxChangeBytes) throw new RangeError(`it has ${bytes.length} bytes, more than ${maxChangeBytes}`)
  const { hash, content } = openChunk(bytes, changeChunk)
  const deps = ascending(content, 'dependencies', maxDeps, 32)
  const actor = content.take(bounded(content, 'an actor', maxActorBytes))
  const seq = content.unsigned()
  const startOp = content.unsigned()
  if (seq === 0 || startOp === 0) throw new RangeError('it is numbered 0')
  const time = content.signed()
  const messageBytes = content.take(bounded(content, 'a message', maxMessageBytes)).length
  const otherActors = ascending(content, 'actors', maxOtherActors)
  if (otherActors.some((other) => sameBytes(other, actor))) throw new RangeError('it names its own actor twice')
  const columns = takeColumns(content, readColumnTable(content, known))
  const extraBytes = content.bytes.length - content.at
  if (extraBytes > maxExtraBytes) throw new RangeError(`it has ${extraBytes} bytes after its operations, more than ${maxExtraBytes}`)
  return { hash, deps, actor, seq, startOp, time, messageBytes, otherActors, columns, extraBytes }
}

/** A counted list of hashes or actors, of which each is greater than the one before. */
function ascending (cursor: Cursor, what: string, most: number, length?: number): Uint8Array[] {
  const items: Uint8Array[] = []
  const count = cursor.unsigned()
  if (count > most) throw new RangeError(`it has ${count} ${what}, more than ${most}`)
  while (items.length < count) {
    const item = cursor.take(length ?? bounded(cursor, 'an actor', maxActorBytes))
    const last = items.at(-1)
    if (last !== undefined && Buffer.compare(last, item) >= 0) throw new RangeError(`its ${what} are not in order`)
    items.push(item)
  }
  return items
}

function bounded (cursor: Cursor, what: string, most: number): number {
  const length = cursor.unsigned()
  if (length > most) throw new RangeError(`it has ${what} of ${length} bytes, more than ${most}`)
  return length
}

/** How many operations the columns hold: all that are there have as many rows, and values and predecessors add up. */
function countOperations (columns: Columns, maxOps: number, actors: number): number {
  const count = (column: number, type: ColumnType, most = Infinity, maxRows = maxOps) => tally(columns.get(column), type, maxRows, most)
  const actions = count(opColumn.action, 'uint')
  const values = count(opColumn.valueMeta, 'uint')
  const preds = count(opColumn.predCount, 'uint', maxOps)
  const rows = [
    count(opColumn.objectActor, 'uint', actors - 1), count(opColumn.objectCounter, 'uint', maxCounter),
    count(opColumn.keyActor, 'uint', actors - 1), count(opColumn.keyCounter, 'delta'), count(opColumn.keyText, 'text'),
    count(opColumn.markName, 'text')
  ].map((column) => column.rows)
  const flags = [opColumn.insert, opColumn.expand].map((column) => countBooleans(columns.get(column) ?? new Uint8Array(0)))
  const needed = [values.rows, preds.rows, flags[0]]
  if (needed.some((rows) => rows !== actions.rows) || [...rows, ...flags].some((rows) => rows !== 0 && rows !== actions.rows)) {
    throw new RangeError('its columns have different numbers of rows')
  }
  if (values.valueBytes !== (columns.get(opColumn.value)?.length ?? 0)) throw new RangeError('its values are shorter or longer than it says')
  const predRows = [count(opColumn.predActor, 'uint', actors - 1), count(opColumn.predCounter, 'delta')]
  if (predRows.some(({ rows }) => rows !== preds.sum)) throw new RangeError('it has other predecessors than it says')
  return actions.rows
}

/** Rows of a column and what they add up to: numbers, and lengths when they are value metadata. */
interface Tally { readonly rows: number, readonly sum: number, readonly valueBytes: number }

function tally (column: Uint8Array | undefined, type: ColumnType, maxRows: number, most: number): Tally {
  if (column === undefined) return { rows: 0, sum: 0, valueBytes: 0 }
  const runs = new Runs(column, type, maxRows)
  let [sum, valueBytes] = [0, 0]
  while (runs.next()) {
    if (typeof runs.value === 'string') {
      sum += runs.value.length * runs.count
      if (sum > maxUnfoldedTextBytes) throw new RangeError(`its keys unfold to more than ${maxUnfoldedTextBytes} bytes`)
    } else if (runs.value !== undefined) {
      if (runs.value > most) throw new RangeError('it names an actor that it does not list, or too large a number')
      sum += runs.value * runs.count
      valueBytes += Math.floor(runs.value / 16) * runs.count
    }
  }
  return { rows: runs.rows, sum, valueBytes }
}
