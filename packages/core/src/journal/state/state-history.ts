import type { Did } from '../../did.ts'
import { describeError } from '../../errors.ts'
import type { Candidate } from './candidate.ts'
import { ChangeGraph, nextOp, type ChangeNode } from './change-graph.ts'
import { Resolution } from './resolution.ts'
import { StateDocument } from './state-document.ts'

/** The most dependencies that a change may have: as many heads can be built on at once. */
export const maxDeps = 64

/**
 * The document of a journal's state and the graph of its changes, in step. In memory only: after anything throws or cannot be
 * stored it is thrown away, and loaded anew from what is stored.
 */
export class StateHistory {
  readonly #graph = new ChangeGraph()
  readonly #document: StateDocument
  readonly #refusals: Map<string, string>

  /** `refusals` are reasons by envelope id, hex; those found here are added. */
  constructor (actor: Uint8Array, refusals: Map<string, string>) {
    this.#document = new StateDocument(actor)
    this.#refusals = refusals
  }

  /**
   * A history with all of the stored envelopes that can be in it. One that Automerge does not take any more is refused, and
   * left out with what builds on it.
   */
  static load (stored: readonly Candidate[], newActor: () => Uint8Array, refusals: Map<string, string>): StateHistory {
    const history = new StateHistory(newActor(), refusals)
    const { ready } = history.resolve(stored.filter(({ id }) => !refusals.has(id)))
    try {
      history.apply(ready)
      return history
    } catch {
      const slow = new StateHistory(newActor(), refusals)
      const culprit = ready.find((candidate) => !slow.#takes(candidate))
      return culprit === undefined ? slow : StateHistory.load(stored, newActor, refusals)
    }
  }

  get actor (): string { return this.#document.actor }
  /** Changes in the graph. */
  get size (): number { return this.#graph.nodes.length }
  get reader (): () => unknown { return this.#document.reader }
  /** Hashes in hex, ascending. */
  get heads (): readonly string[] { return this.#graph.heads.map(({ candidate: { hash } }) => hash) }

  has ({ id }: Pick<Candidate, 'id'>): boolean { return this.#graph.withId(id) !== undefined }

  /** Adds to the graph what fits; `apply` it then, or throw the history away. `find` as in `Resolution`. */
  resolve (candidates: readonly Candidate[], find?: (hash: Uint8Array) => Candidate | undefined): Resolution {
    return new Resolution(this.#graph, candidates, this.#refusals, find)
  }

  /** Brings the document to where the graph is. Throws when Automerge does not take a change. */
  apply (ready: readonly Candidate[]): void {
    if (ready.length === 0) return
    this.#document.apply(ready.map(({ envelope: { payload } }) => payload))
    if (!this.isSound(this.size)) throw new RangeError('the change was not taken into the document')
  }

  /** Refuses a candidate for what was thrown when it was applied. */
  refuse ({ id }: Candidate, error: unknown): void {
    this.#refusals.set(id, `Automerge does not take its change: ${describeError(error)}`)
  }

  /** Whether the document still works, and document and graph hold these changes and no others. */
  isSound (size: number): boolean {
    return this.size === size && this.#document.isAt(this.heads)
  }

  /** Lets `edit` change the document, and gives the change if there is one: it belongs into the graph next. As `StateDocument.edit`. */
  edit (edit: (draft: never) => unknown, atSecs: number): Uint8Array | undefined {
    return this.#document.edit(edit, atSecs)
  }

  /** A change after `prev` that joins heads, when there are more than one change can build on. */
  join (prev: ChangeNode | undefined, atSecs: number): Uint8Array | undefined {
    const { heads } = this.#graph
    if (heads.length <= maxDeps) return undefined
    const first = heads.find((head) => prev === undefined || this.#graph.descends([head], prev))
    const joined = [...first === undefined ? [] : [first], ...heads.filter((head) => head !== first)].slice(0, maxDeps)
    const deps = joined.map(({ candidate: { hash } }) => hash).sort()
    return this.#document.join({ seq: prev?.actor === this.actor ? prev.seq + 1 : 1, startOp: nextOp(joined), deps, atSecs })
  }

  /** The end of the longest path of an origin's feed. */
  tipOf (origin: Did): ChangeNode | undefined {
    return this.#graph.nodes.filter((node) => node.origin === origin && node.followers === 0)
      .reduce<ChangeNode | undefined>((longest, node) => longest === undefined || node.feedSeq > longest.feedSeq ? node : longest, undefined)
  }

  /** Why a candidate was refused. */
  reasonFor ({ id }: Candidate): string | undefined { return this.#refusals.get(id) }

  /** By the envelope's id, hex. */
  nodeOf (id: string): ChangeNode | undefined { return this.#graph.withId(id) }

  #takes (candidate: Candidate): boolean {
    try {
      this.apply(this.resolve([candidate]).ready)
      return true
    } catch (error) {
      this.refuse(candidate, error)
      return false
    }
  }
}
