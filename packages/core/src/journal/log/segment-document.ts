import { setImmediate as nextTurn } from 'node:timers/promises'
import * as Automerge from '@automerge/automerge'
import { sameBytes } from '../../bytes.ts'

/** How much is given to Automerge before other work gets its turn; it takes a few milliseconds. */
const sliceChanges = 128
const sliceBytes = 128 << 10

/** A change on its way into a document, and the head of the document after it. */
export interface NextChange {
  readonly payload: Uint8Array
  readonly head: Uint8Array
}

/**
 * The Automerge document of a segment, made when a snapshot of it is wanted. What goes in was compared, byte for byte, with
 * what Automerge writes (`SegmentRules`), so this is where Automerge is asked to agree. A document that threw is not to be
 * used any more.
 */
export class SegmentDocument {
  readonly #handle = Automerge.getBackend(Automerge.init())

  /** Throws what Automerge throws on bytes that are not a document whose changes and heads fit. */
  load (document: Uint8Array): void {
    this.#handle.loadIncremental(document)
    this.#handle.updateDiffCursor()                    // or the handle collects patches that nobody will ask for
  }

  /**
   * Applies changes in order, in slices, each between `before` and `after`. Rejects with what Automerge throws, or with
   * `RangeError` when the document does not end with the head of the last (Automerge passes over what it cannot read).
   */
  async apply<Change extends NextChange> (changes: Iterable<Change>, before: (last: Change) => void = () => {}, after = () => {}): Promise<void> {
    for (const slice of slicesOf(changes)) {
      const last = slice.at(-1) as Change
      before(last)
      try {
        this.#handle.loadIncremental(Buffer.concat(slice.map(({ payload }) => payload)))
      } finally {
        after()
      }
      if (!sameBytes(this.head, last.head)) throw new RangeError('Automerge did not take a change into the document')
      this.#handle.updateDiffCursor()
      await nextTurn()
    }
  }

  /** Head of the document. Throws `RangeError` unless there is exactly one. */
  get head (): Uint8Array {
    const heads = this.#handle.getHeads()
    if (heads.length !== 1) throw new RangeError(`the document has ${heads.length} heads`)
    return new Uint8Array(Buffer.from(heads[0] ?? '', 'hex'))
  }

  /** All changes, each after the one that it depends on. */
  changes (): Uint8Array[] {
    return this.#handle.getChanges([])
  }

  /** The document chunk, with no column compressed. */
  save (): Uint8Array {
    return this.#handle.saveNoCompress()
  }

  free (): void {
    this.#handle.free()
  }
}

function * slicesOf<Change extends NextChange> (changes: Iterable<Change>): Generator<Change[]> {
  let slice: Change[] = []
  let bytes = 0
  for (const change of changes) {
    slice.push(change)
    bytes += change.payload.length
    if (slice.length < sliceChanges && bytes < sliceBytes) continue
    yield slice
    slice = []
    bytes = 0
  }
  if (slice.length > 0) yield slice
}
