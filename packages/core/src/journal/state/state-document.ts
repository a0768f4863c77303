import * as Automerge from '@automerge/automerge'
import { hexOf } from './hex.ts'
import { plainValue } from './plain-value.ts'

/** What makes a change that joins heads and does nothing else. */
export interface Join {
  readonly seq: number
  readonly startOp: number
  /** Hashes in hex, ascending. */
  readonly deps: readonly string[]
  readonly atSecs: number
}

/**
 * False once Automerge has run into something that no engine of its kind recovers from, such as the end of its stack: then
 * no document works any more in this process. A panic is not that.
 */
export function isEngineAlive (): boolean {
  try {
    Automerge.free(Automerge.init())
    return true
  } catch {
    return false                                              // every call throws then: "Module terminated"
  }
}

/**
 * The Automerge document of a journal's state, as one actor writes it. After anything here throws, other than an edit, it is
 * not to be used any more: Automerge may have panicked half way.
 */
export class StateDocument {
  readonly actor: string
  #doc: Automerge.Doc<Record<string, unknown>>

  constructor (actor: Uint8Array) {
    this.actor = hexOf(actor)
    this.#doc = Automerge.init({ actor: this.actor })
  }

  /** Hashes of the heads in hex, ascending. */
  get heads (): readonly string[] {
    return Automerge.getHeads(this.#doc).toSorted()
  }

  /**
   * Reads what the document holds now, whenever it is called: later changes do not show. Not from what Automerge keeps up to
   * date in JavaScript: after some changes that no honest peer makes, that is another value than a restart would show.
   */
  get reader (): () => unknown {
    const doc = this.#doc
    return () => plainValue(Automerge.toJS(doc))
  }

  /** Applies changes, each after what it builds on. Throws what Automerge throws. */
  apply (changes: readonly Uint8Array[]): void {
    [this.#doc] = Automerge.applyChanges(this.#doc, [...changes])
  }

  /** Makes a change of this actor that joins some heads. */
  join ({ seq, startOp, deps, atSecs }: Join): Uint8Array {
    return Automerge.encodeChange({ actor: this.actor, author: null, seq, startOp, time: atSecs, message: null, deps: [...deps], ops: [] })
  }

  /**
   * Lets `edit` change the document and gives its change, if it made one.
   *
   * @throws what `edit` throws, and `TypeError` when it is asynchronous; the document is as before then, if it still `isAt` its heads.
   */
  edit (edit: (draft: never) => unknown, atSecs: number): Uint8Array | undefined {
    const before = this.#doc
    this.#doc = Automerge.change(before, { time: atSecs }, (draft) => refusePromise(edit(draft as never)))
    return this.#doc === before ? undefined : Automerge.getLastLocalChange(this.#doc)
  }

  /** Whether the document still works and has these heads. */
  isAt (heads: readonly string[]): boolean {
    try {
      return Automerge.getBackend(this.#doc).pendingOps() === 0 && this.heads.join() === heads.join()
    } catch {
      return false                                            // a handle that panicked answers nothing any more
    }
  }
}

/** Its changes after the first wait would be lost without a word. */
function refusePromise (result: unknown): void {
  if (typeof result === 'object' && result !== null && 'then' in result) throw new TypeError('The function that changes the state must not be asynchronous: wait for things before, then change')
}
