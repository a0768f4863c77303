import { sameBytes } from '../bytes.ts'
import { noLists, planAppend, planTexts, type AppendRun, type ListEnd } from './append-plan.ts'
import { openChange, type OpenChange } from './change.ts'
import { ChangeWriter } from './change-writer.ts'
import { chunkOf } from './chunk.ts'
import type { DocumentProof } from './document-proof.ts'
import { writeDocument } from './document-writer.ts'
import { History } from './history.ts'
import { LogColumns } from './log-columns.ts'
import { LogValues, textRows } from './log-values.ts'
import { actorBytes, maxChangeTime, maxLogChangeOps, maxLogChangeTextBytes, maxSegmentEntries, maxSegmentTextBytes } from './segment-limits.ts'
import { checkRoot, rootKeys, startOfSegment, type SegmentPosition, type SegmentRoot } from './segment-position.ts'
import { readSegment } from './segment-reader.ts'

export type { SegmentRoot } from './segment-position.ts'

/** A change that fits a segment. */
export interface LogChange {
  /** The change itself: the bytes that were checked, not a copy. */
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
  readonly actor: Uint8Array
  /** Seconds since 1970, by its writer. */
  readonly time: number
  /** Of its entries, in order; at least one. */
  readonly texts: readonly string[]
  /** In the first change of a segment only. */
  readonly root: SegmentRoot | undefined
  /** Where the segment stood when the change was checked, and where it stands once the change is noted. */
  readonly before: SegmentPosition
  readonly after: SegmentPosition
}

/** What an opened segment document says. */
export interface OpenedSegment {
  readonly rules: SegmentRules
  readonly root: SegmentRoot
  readonly head: Uint8Array
  readonly changes: number
  /** In the order of the changes. */
  readonly texts: readonly string[]
  /** Made when it is asked for. Keeps the document's bytes in memory. */
  readonly proof: DocumentProof
}

/**
 * What a segment document holds so far, as far as the next change must fit it. A log change says nothing but which texts it
 * appends: all else in it follows from what was before. So nothing in it is interpreted; it is compared, byte for byte, with
 * what Automerge writes for these texts. Time and memory are in proportion to the bytes given. Reasons read on after the
 * name of what was refused: "it overwrites or deletes something".
 *
 * The changes are one chain. An actor writes in one turn: Automerge makes a change of an actor that goes on after another
 * depend on two changes, so who goes on takes a new actor. Actors whose first four bytes are equal would share the keys of
 * their lists: the second is refused.
 */
export class SegmentRules {
  #position: SegmentPosition
  #history = new History()
  #root: SegmentRoot | undefined
  readonly #columns = new LogColumns('change')
  #writer: ChangeWriter | undefined

  /** Before the first change. `lastEntryId` is that of the last entry of the segment before. */
  constructor (lastEntryId?: string) {
    this.#position = startOfSegment(lastEntryId)
  }

  /**
   * Reads a segment document (an inflated document chunk without compressed columns). That its changes lead to `head` is
   * not checked unless its `proof` is asked.
   *
   * @throws RangeError when some change of it would not have passed `check`.
   */
  static ofDocument (bytes: Uint8Array, lastEntryId?: string): OpenedSegment {
    const { root, texts, position, history, proof } = readSegment(bytes, lastEntryId)
    const rules = new SegmentRules()
    rules.#position = position
    rules.#history = new History(history)
    rules.#root = root
    return { rules, root, head: position.head as Uint8Array, changes: position.changes, texts, proof }
  }

  get head (): Uint8Array | undefined { return this.#position.head }
  get changes (): number { return this.#position.changes }
  get entries (): number { return this.#position.entries }
  /** Bytes of all texts in UTF-8. */
  get textBytes (): number { return this.#position.textBytes }
  get lastEntryId (): string | undefined { return this.#position.lastEntryId }

  /** Whether this actor can write the next change: it wrote the last, or nobody of its name has written. */
  admitsActor (actor: Uint8Array): boolean {
    return sameBytes(actor, this.#position.actor) || !this.#history.hasNamesake(actor)
  }

  /**
   * Writes texts as the next change, the bytes that Automerge would make of them; `root` in the first change of a segment.
   * Notes nothing, and does not look at the texts: `check` does. `at` is in seconds since the Unix epoch.
   */
  write (texts: readonly string[], actor: Uint8Array, at: number, root: SegmentRoot | undefined): Uint8Array {
    const { lastOp, head, actor: lastActor, seq, end } = this.#position
    const goesOn = sameBytes(actor, lastActor)
    const rootOps = root === undefined ? 0 : rootKeys(root).length
    const { runs } = planTexts(goesOn ? end : noLists, lastOp + 1 + rootOps, texts.length)
    this.#writer ??= new ChangeWriter()
    this.#writer.take(textRows(texts))
    return chunkOf(this.#writer.write({ actor, seq: goesOn ? seq + 1 : 1, startOp: lastOp + 1, time: at, root, runs }, head))
  }

  /**
   * The document of all changes noted so far, of which these are the texts: the bytes that Automerge would save, with no column
   * compressed. Throws `TypeError` before the first change, or for another number of texts.
   */
  document (texts: readonly string[]): Uint8Array {
    const { head, entries } = this.#position
    if (head === undefined || this.#root === undefined || texts.length !== entries) throw new TypeError(`document needs the ${entries} texts of a segment that has some, not ${texts.length}`)
    return writeDocument(this.#root, this.#history, head, texts)
  }

  /**
   * Checks whether a change can be the next, and notes nothing.
   *
   * @throws RangeError with the reason why not.
   */
  check (change: Uint8Array): LogChange {
    const before = this.#position
    const open = openChange(change)
    const begins = !sameBytes(open.actor, before.actor)
    if (begins && this.#history.hasNamesake(open.actor)) throw new RangeError('its actor goes on after another has written, or has the name of another')
    checkHeader(open, before, begins ? 1 : before.seq + 1)
    const values = new LogValues(open.columns, maxLogChangeOps, before.lastEntryId)
    const root = before.head === undefined ? readRoot(values) : undefined
    const rootOps = root === undefined ? 0 : rootKeys(root).length
    const { runs, end } = planAppend(begins ? noLists : before.end, open.startOp + rootOps, values.rows - rootOps)
    if ((runs.at(-1)?.count ?? 0) === 0) throw new RangeError('it appends nothing')
    this.#columns.setChange(root === undefined ? [] : rootKeys(root), runs, open.actor)
    this.#columns.compare(open.columns)
    const texts = readTexts(values, runs, before)
    return { bytes: change, hash: open.hash, actor: open.actor, time: open.time, texts, root, before, after: positionAfter(open, before, values, texts.length, end) }
  }

  /** Notes a change. Throws `TypeError` when it was checked against another state than this. */
  advance (change: LogChange): void {
    if (change.before !== this.#position) throw new TypeError('advance needs a change that was checked against the present state')
    this.#position = change.after
    this.#history.add(change.actor, change.before.lastOp, change.after.lastOp, change.time)
    this.#root ??= change.root
  }
}

function checkHeader (open: OpenChange, { head, lastOp }: SegmentPosition, seq: number): void {
  if (open.deps.length !== (head === undefined ? 0 : 1) || !sameBytes(open.deps[0], head)) throw new RangeError('it does not follow the last change of its segment')
  if (open.actor.length !== actorBytes) throw new RangeError(`its actor does not have ${actorBytes} bytes`)
  if (open.seq !== seq) throw new RangeError(`it is number ${open.seq} of its actor, not ${seq}`)
  if (open.startOp !== lastOp + 1) throw new RangeError(`its operations start at ${open.startOp}, not ${lastOp + 1}`)
  if (open.time < 0 || open.time > maxChangeTime) throw new RangeError('its time is out of bounds')
  if (open.otherActors.length > 0) throw new RangeError('it names other actors than its own')
  if (open.messageBytes > 0 || open.extraBytes > 0) throw new RangeError('it has a message or extra bytes')
}

function readRoot (values: LogValues): SegmentRoot {
  const version = values.uint('v')
  const journal = values.journal()
  const segment = values.uint('segment')
  const previousHead = values.isBytes() ? values.hash('prev') : undefined
  return checkRoot(version, { journal, segment, previousHead })
}

function readTexts (values: LogValues, runs: readonly AppendRun[], { entries, textBytes }: SegmentPosition): string[] {
  const texts: string[] = []
  for (const { makesList, count } of runs) {
    if (entries + texts.length + count > maxSegmentEntries) throw new RangeError(`its segment has more than ${maxSegmentEntries} entries`)
    if (makesList) values.skipLists(1)
    values.texts(count, texts, maxSegmentTextBytes - textBytes)
  }
  if (values.textBytes > maxLogChangeTextBytes) throw new RangeError(`it has ${values.textBytes} bytes of text, more than ${maxLogChangeTextBytes}`)
  return texts
}

function positionAfter (open: OpenChange, before: SegmentPosition, { rows, textBytes, lastId }: LogValues, entries: number, end: ListEnd): SegmentPosition {
  const { actor, hash, seq } = open
  return {
    head: hash,
    changes: before.changes + 1,
    entries: before.entries + entries,
    textBytes: before.textBytes + textBytes,
    lastEntryId: lastId,
    lastOp: before.lastOp + rows,
    actor: actor.slice(),
    seq,
    end
  }
}
