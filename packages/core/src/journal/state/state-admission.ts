import { MeshError } from '../../errors.ts'
import type { StateEnvelope } from '../../envelope.ts'
import type { OwnFeedContext } from '../feed.ts'
import { readCandidate, type Candidate } from './candidate.ts'
import { hexOf } from './hex.ts'
import { isEngineAlive } from './state-document.ts'
import type { StateHistory } from './state-history.ts'
import type { StoredState } from './stored-state.ts'

/** Where envelopes of origins that are not admitted wait, as far as a state needs it. */
export interface Vouchers {
  /** A verified envelope of an origin that is not admitted, parked here, whose change has this hash. */
  find (head: Uint8Array): StateEnvelope | undefined
  /** It is stored now, because somebody admitted built on it. */
  admitted (envelope: StateEnvelope): void
}

/** The way of envelopes into a state: into the graph, through Automerge, onto the disk, then into sight. */
export class StateAdmission {
  readonly #journal: string
  readonly #context: OwnFeedContext
  readonly #vouchers: Vouchers
  readonly #stored: StoredState
  /** A life before this one ended while something was applied, so each change is tried alone to find which it was. */
  readonly #oneByOne: boolean

  constructor (journal: string, context: OwnFeedContext, vouchers: Vouchers, stored: StoredState) {
    this.#journal = journal
    this.#context = context
    this.#vouchers = vouchers
    this.#stored = stored
    this.#oneByOne = context.mark.suspects.size > 0
  }

  /** Why an envelope is not to be given to Automerge, by its id, hex. */
  objectionTo (id: string): string | undefined {
    return this.#context.mark.quarantined.has(id) ? 'the process died twice while its change was applied' : this.#stored.refusals.get(id)
  }

  /**
   * Brings in what fits, with what waits in the files, stores it and shows it. When Automerge does not take all at once, each is tried by itself and only
   * the bad ones stay out. Rejects with `MESH_DISK_FAILED`: some of it may be stored then; discard what is loaded.
   */
  async admit (candidates: readonly Candidate[]): Promise<void> {
    if (candidates.length === 0 && this.#stored.held.length === 0) return
    const { history } = this.#stored
    const { ready, twins } = history.resolve([...this.#stored.held, ...candidates], (hash) => this.#findParked(hash))
    const alone = this.#oneByOne && ready.length > 1
    if (!alone && this.#applies(history, ready)) {
      await this.#store(history, ready)
    } else if (ready.length > 1) {
      this.#stored.discard()
      for (const candidate of ready) await this.#admitAlone(candidate)
    }
    await this.#stored.storeTwins(twins)
    const isTwin = twins.some(({ candidate: { envelope: { origin } } }) => origin === this.#context.identity.did)
    if (isTwin || ready.some(({ change: { actor } }) => hexOf(actor) === history.actor)) this.#stored.discard()      // somebody else writes as this actor
  }

  async #admitAlone (candidate: Candidate): Promise<void> {
    const { history } = this.#stored
    const { ready } = history.resolve([candidate])
    if (this.#applies(history, ready)) await this.#store(history, ready)
  }

  async #store (history: StateHistory, ready: readonly Candidate[]): Promise<void> {
    await this.#stored.store(history, ready)
    for (const { envelope, vouched } of ready) if (vouched) this.#vouchers.admitted(envelope)
  }

  /**
   * Whether Automerge took the changes. If not, the document is thrown away, and a change that was alone is refused. When
   * Automerge is dead, the mark stays as after a death of the process, so that the next one finds out which change it was.
   */
  #applies (history: StateHistory, ready: readonly Candidate[]): boolean {
    const [first] = ready
    if (first === undefined) return true
    this.#context.mark.begin(first.envelope.id)
    try {
      history.apply(ready)
    } catch (error) {
      if (!isEngineAlive()) throw new MeshError('MESH_JOURNAL_DAMAGED', 'Automerge has stopped for good while a change was applied. Restart this node: it then finds out which change it was and refuses it', { cause: error })
      if (ready.length === 1) history.refuse(first, error)
      this.#stored.discard()
      this.#context.mark.end()
      return false
    }
    this.#context.mark.end()
    return true
  }

  #findParked (hash: Uint8Array): Candidate | undefined {
    const envelope = this.#vouchers.find(hash)
    if (envelope === undefined || this.objectionTo(hexOf(envelope.id)) !== undefined) return undefined
    const candidate = readCandidate(envelope, this.#journal, { vouched: true })
    return typeof candidate === 'string' ? undefined : candidate
  }
}
