import { openChange } from '../../automerge/change.ts'
import { opColumn } from '../../automerge/columns.ts'
import { Runs } from '../../automerge/runs.ts'
import { hexOf } from './hex.ts'

/** An operation by its actor, hex, and its counter. */
export interface OperationId { readonly actor: string, readonly counter: number }

/** What the operations of a change refer to, in their order: as much as it takes to know that it is all there. */
export interface Operation {
  readonly counter: number
  /** The object that it writes into; none is the root. */
  readonly object: OperationId | undefined
  /** Whether it makes an object. */
  readonly makes: boolean
  /** The element that it writes or follows, and the operations that it replaces. */
  readonly refersTo: readonly OperationId[]
}

const none = -1
/** Automerge refuses to write it, reads it, and panics over the next change in an object of that name. */
const forbiddenKey = '__proto__'

/**
 * The operations of a change that `readChange` took: its bound on their number bounds the time and memory that this takes.
 *
 * @throws RangeError
 */
export function * readOperations (payload: Uint8Array, opCount: number): Generator<Operation> {
  const { actor, otherActors, startOp, columns } = openChange(payload)
  if (hasKey(columns.get(opColumn.keyText), forbiddenKey, opCount)) throw new RangeError(`it has the key ${forbiddenKey}`)
  const actors = [actor, ...otherActors].map(hexOf)
  const column = (id: number, type: 'uint' | 'delta', rows = opCount) => unfold(columns.get(id), type, rows)
  const [objectActor, objectCounter, keyActor, keyCounter] = [
    column(opColumn.objectActor, 'uint'), column(opColumn.objectCounter, 'uint'), column(opColumn.keyActor, 'uint'), column(opColumn.keyCounter, 'delta')
  ]
  const [action, predCount] = [column(opColumn.action, 'uint'), column(opColumn.predCount, 'uint')]
  const preds = predCount.reduce((sum, count) => sum + Math.max(0, count), 0)
  const [predActor, predCounter] = [column(opColumn.predActor, 'uint', preds), column(opColumn.predCounter, 'delta', preds)]
  const idAt = (actorColumn: Float64Array, counters: Float64Array, row: number): OperationId | undefined => {
    const counter = counters[row] ?? none
    return counter <= 0 ? undefined : { actor: actors[actorColumn[row] ?? none] ?? '', counter }
  }
  for (let row = 0, pred = 0; row < opCount; row++) {
    const refersTo: OperationId[] = []
    const key = idAt(keyActor, keyCounter, row)
    if (key !== undefined) refersTo.push(key)
    for (const end = pred + (predCount[row] ?? 0); pred < end; pred++) {
      const id = idAt(predActor, predCounter, pred)
      if (id !== undefined) refersTo.push(id)
    }
    yield { counter: startOp + row, object: idAt(objectActor, objectCounter, row), makes: isMake(action[row] ?? none), refersTo }
  }
}

/** 0 makes a map, 2 a list, 4 a text. Automerge writes no tables any more (6), and panics over what is in them. */
function isMake (action: number): boolean {
  return action === 0 || action === 2 || action === 4
}

function hasKey (column: Uint8Array | undefined, key: string, rows: number): boolean {
  if (column === undefined) return false
  const runs = new Runs(column, 'text', rows)
  while (runs.next()) if (runs.value === key) return true
  return false
}

/** All rows of a column of numbers, -1 for null and where the column is missing. */
function unfold (column: Uint8Array | undefined, type: 'uint' | 'delta', rows: number): Float64Array {
  const numbers = new Float64Array(rows).fill(none)
  if (column === undefined) return numbers
  const runs = new Runs(column, type, rows)
  let value = 0
  for (let row = 0; runs.next(); row = runs.rows) {
    if (typeof runs.value !== 'number') continue
    for (let at = row; at < runs.rows; at++) {
      value = type === 'delta' ? value + runs.value : runs.value
      numbers[at] = value
    }
  }
  return numbers
}
