import { actorNameOf, listKey, type AppendRun } from './append-plan.ts'
import { BooleanWriter, ColumnWriter, DeltaWriter, writeAscii, writeUnsigned, type Column } from './column-writer.ts'
import { opColumn, type Columns } from './columns.ts'

const setAction = 1
const makeListAction = 2
const { valueMeta, value } = opColumn

/** What is wrong when a column is not as it must be; the first that is wrong is named. */
const complaints: ReadonlyMap<number, string> = new Map([
  [opColumn.objectCounter, 'it writes into something else than its actor\'s newest list'],
  [opColumn.objectActor, 'it writes into a list of another actor'],
  [opColumn.keyText, 'it writes other keys than those of its actor\'s next list'],
  [opColumn.keyActor, 'it does not append at the end of the list'],
  [opColumn.keyCounter, 'it does not append at the end of the list'],
  [opColumn.idActor, 'its operations are by other actors than its changes'],
  [opColumn.idCounter, 'its operations are not numbered as its changes say'],
  [opColumn.insert, 'it does something else than append'],
  [opColumn.action, 'it does something else than append'],
  [opColumn.predCount, 'it overwrites or deletes something'],
  [opColumn.predActor, 'it overwrites or deletes something'],
  [opColumn.predCounter, 'it overwrites or deletes something'],
  [opColumn.succCount, 'something in it was overwritten or deleted']
])

/**
 * The columns that operations of a log must have, written as Automerge writes them. Comparing bytes with these proves what
 * the operations do, and that Automerge would give the change the same hash again. For a document, lists are added one by one;
 * for a change all is set at once, and again for the next.
 */
export class LogColumns {
  readonly #objectActor = new ColumnWriter<number>(writeUnsigned)
  readonly #objectCounter = new ColumnWriter<number>(writeUnsigned)
  readonly #keyActor = new ColumnWriter<number>(writeUnsigned)
  readonly #keyCounter = new DeltaWriter()
  readonly #keyText = new ColumnWriter<string>(writeAscii)
  readonly #idActor = new ColumnWriter<number>(writeUnsigned)
  readonly #idCounter = new DeltaWriter()
  readonly #insert = new BooleanWriter()
  readonly #action = new ColumnWriter<number>(writeUnsigned)
  readonly #zeros = new ColumnWriter<number>(writeUnsigned)
  readonly #form: 'change' | 'document'
  /** All but the values, in the order in which they stand in a change or document. */
  readonly all: ReadonlyMap<number, Column>

  constructor (form: 'change' | 'document') {
    this.#form = form
    const ids = [[opColumn.idActor, this.#idActor], [opColumn.idCounter, this.#idCounter]] as const
    this.all = new Map<number, Column>([
      [opColumn.objectActor, this.#objectActor], [opColumn.objectCounter, this.#objectCounter],
      [opColumn.keyActor, this.#keyActor], [opColumn.keyCounter, this.#keyCounter], [opColumn.keyText, this.#keyText],
      ...form === 'document' ? ids : [],
      [opColumn.insert, this.#insert], [opColumn.action, this.#action],
      [form === 'change' ? opColumn.predCount : opColumn.succCount, this.#zeros]
    ])
  }

  /** A value under a key of the root. `actor` is an index, `counter` the operation's; both only matter in a document. */
  put (key: string, actor: number, counter: number): void {
    this.#rootRow(key, actor, counter, setAction)
  }

  /** A new list under a key of the root. */
  makeList (key: string, actor: number, counter: number): void {
    this.#rootRow(key, actor, counter, makeListAction)
  }

  /** The texts of a run. */
  append ({ list, first, count, after }: AppendRun, actor: number): void {
    this.#objectActor.add(actor, count)
    this.#objectCounter.add(list, count)
    this.#keyActor.add(after === 0 ? undefined : actor)
    this.#keyActor.add(actor, count - 1)
    this.#keyCounter.add(after)
    this.#keyCounter.addAscending(first, count - 1)
    this.#keyText.add(undefined, count)
    this.#insert.add(true, count)
    this.#action.add(setAction, count)
    this.#note(actor, first, count)
  }

  /** The columns of a change that puts values under these keys of the root and appends these runs, in place of those of another. */
  setChange (keys: readonly string[], runs: readonly AppendRun[], actor: Uint8Array): void {
    for (const column of this.all.values()) column.clear()
    for (const key of keys) this.put(key, 0, 0)
    for (const run of runs) {
      if (run.makesList) this.makeList(listKey(actorNameOf(actor), run.chunk), 0, 0)
      this.append(run, 0)
    }
  }

  /** Compares with the columns that there are, but for the values. Throws `RangeError` that says what differs. */
  compare (columns: Columns): void {
    for (const column of columns.keys()) {
      if (!this.all.has(column) && column !== valueMeta && column !== value) throw new RangeError(complaints.get(column) ?? 'it does something else than append')
    }
    for (const [column, complaint] of complaints) {
      if (this.all.get(column)?.finish().equals(columns.get(column)) === false) throw new RangeError(complaint)
    }
  }

  #rootRow (key: string, actor: number, counter: number, action: number): void {
    this.#objectActor.add(undefined)
    this.#objectCounter.add(undefined)
    this.#keyActor.add(undefined)
    this.#keyCounter.add(undefined)
    this.#keyText.add(key)
    this.#insert.add(false)
    this.#action.add(action)
    this.#note(actor, counter, 1)
  }

  #note (actor: number, first: number, count: number): void {
    this.#zeros.add(0, count)
    if (this.#form === 'change') return
    this.#idActor.add(actor, count)
    this.#idCounter.addAscending(first, count)
  }
}
