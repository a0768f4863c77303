import { sameBytes } from '../bytes.ts'
import { noLists, planAppend } from './append-plan.ts'
import { ChangeHasher, hashBytes } from './change-hasher.ts'
import { chunkOf } from './chunk.ts'
import type { ValueRows } from './log-values.ts'
import type { OpenDocument } from './segment-document.ts'
import { rootKeys, type SegmentRoot } from './segment-position.ts'

/** A change of a segment document. */
export interface ProofStep {
  readonly hash: Uint8Array
  /** Entries in the segment once it is applied. */
  readonly entries: number
}

/** What a document that was checked says, as far as the hashes of its changes depend on it. */
export interface CheckedDocument {
  readonly document: OpenDocument
  readonly root: SegmentRoot
  /** Of all entries, in the order of their changes. */
  readonly texts: ValueRows
  /** Entries that each change appends. */
  readonly counts: readonly number[]
}

/**
 * Proves a segment document without Automerge. All that a log change says follows from the changes before it, its writer, its
 * time and its texts, which are in the document. So each change is written again as Automerge wrote it and hashed, with the
 * hash of the one before in it: the last hash is the head, or the document is not what its writers wrote.
 */
export class DocumentProof {
  readonly #checked: CheckedDocument
  #hashes: Buffer | undefined

  constructor (checked: CheckedDocument) {
    this.#checked = checked
  }

  /**
   * True when the changes hash to the document's head; so whoever signed the head signed all that is in it. The first call
   * reads the document's bytes again, which must not have changed, and takes time in proportion to them (1 to 2 us a change,
   * and 1 ms a MiB).
   */
  holds (): boolean {
    return sameBytes(this.#hash().subarray(-hashBytes), this.#checked.document.head)
  }

  /** All changes, from first to last. Meaningful if the proof holds. */
  steps (): readonly ProofStep[] {
    const hashes = this.#hash()
    let entries = 0
    return this.#checked.counts.map((count, index) => {
      entries += count
      return { hash: hashes.subarray(index * hashBytes, (index + 1) * hashBytes), entries }
    })
  }

  /** All changes as they were written, from first to last. Meaningful if the proof holds. */
  changes (): Uint8Array[] {
    const changes: Uint8Array[] = []
    hashChanges(this.#checked, (framed) => changes.push(chunkOf(framed)))
    return changes
  }

  #hash (): Buffer {
    this.#hashes ??= hashChanges(this.#checked)
    return this.#hashes
  }
}

/** `written` gets each change but for its magic bytes and checksum, in a view that ends when it returns. */
function hashChanges ({ document: { turns, actors, changes, lastOps, times }, root, texts }: CheckedDocument, written: (framed: Uint8Array) => void = () => {}): Buffer {
  const hasher = new ChangeHasher(changes, texts)
  let [change, lastOp] = [0, 0]
  for (const turn of turns) {
    const actor = actors[turn.actor] as Uint8Array
    let lists = noLists
    for (let seq = 1; seq <= turn.changes; seq++, change++) {
      const startOp = lastOp + 1
      const rootOps = change === 0 ? rootKeys(root).length : 0
      lastOp = lastOps[change] as number
      const { runs, end } = planAppend(lists, startOp + rootOps, lastOp + 1 - startOp - rootOps)
      written(hasher.add({ actor, seq, startOp, time: times[change] as number, root: change === 0 ? root : undefined, runs }))
      lists = end
    }
  }
  return hasher.hashes
}
