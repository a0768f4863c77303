import type { Did } from '../../did.ts'
import type { StateEnvelope } from '../../envelope.ts'
import { describeError } from '../../errors.ts'
import { SerialQueue } from '../../serial-queue.ts'
import type { Verdict } from '../../transport.ts'
import type { Arrival, Feed, OwnFeedContext } from '../feed.ts'
import { readCandidate, type Candidate } from './candidate.ts'
import { hexOf } from './hex.ts'
import type { StateObject } from './plain-value.ts'
import { StateAdmission, type Vouchers } from './state-admission.ts'
import { writeChange } from './state-writer.ts'
import { StoredState } from './stored-state.ts'

export type { Vouchers } from './state-admission.ts'

const maxRefusals = 4096

/**
 * The state of one journal: an Automerge document that all origins write into. It is what its feeds add up to, whatever
 * order their envelopes came in, and whoever carried them. Only what is on disk is visible.
 */
export class JournalState {
  readonly #journal: string
  readonly #context: OwnFeedContext
  readonly #stored: StoredState
  readonly #admission: StateAdmission
  readonly #queue = new SerialQueue()
  #lastOwn = ''

  private constructor (journal: string, context: OwnFeedContext, vouchers: Vouchers, stored: StoredState) {
    this.#journal = journal
    this.#context = context
    this.#stored = stored
    this.#admission = new StateAdmission(journal, context, vouchers, stored)
  }

  /**
   * Opens the state's feeds in the journal's folder, which need not be there. The document is loaded when it is first used.
   *
   * @throws MeshError `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`.
   */
  static async open (journal: string, folder: string, context: OwnFeedContext, vouchers: Vouchers): Promise<JournalState> {
    const stored = await StoredState.open(journal, folder, context, (arrivals) => state.accept(arrivals))
    const state = new JournalState(journal, context, vouchers, stored)
    return state
  }

  /** One for each origin that has written, by origin. */
  get feeds (): readonly Feed[] { return this.#stored.feeds.all }

  feedOf (origin: Did): Feed | undefined { return this.#stored.feeds.of(origin) }

  /**
   * The document's value: a frozen copy made of objects, lists, strings, numbers, booleans, null and bytes. Takes time in
   * proportion to the document, once for each change. Throws `MESH_DISK_FAILED` when the document cannot be loaded.
   */
  get value (): unknown { return this.#stored.view.read() }

  /** Heads of the document, 32 bytes each, ascending. Throws `MESH_DISK_FAILED` when it cannot be loaded. */
  get heads (): readonly Uint8Array[] {
    return this.#stored.view.heads.map((head) => new Uint8Array(Buffer.from(head, 'hex')))
  }

  /**
   * Origins with envelopes that came in only because an admitted origin built on them, and how many those are; also those
   * of origins that were admitted later.
   */
  get vouched (): readonly { readonly origin: Did, readonly envelopes: number }[] {
    return this.#stored.feeds.all.filter(({ vouched }) => vouched > 0).map(({ id: { origin }, vouched }) => ({ origin, envelopes: vouched }))
  }

  /** Whether changes wait in the files for something that they build on, which was lost. It comes in with `accept`, or `retry` if it is vouched for. */
  get isWaiting (): boolean { return this.#stored.held.length > 0 }

  /** Tries again what waits. Resolves to whether that brought anything in. */
  async retry (): Promise<boolean> {
    const before = this.#stored.held.length
    await this.accept([])
    return this.#stored.held.length < before
  }

  /**
   * Takes what came in of origins that are admitted, in any order. Resolves once what it calls stored is on disk. The verdict
   * is `gap` when something that an envelope builds on is neither here, nor in the batch, nor vouched for.
   */
  accept (arrivals: readonly Arrival[]): Promise<Verdict[]> {
    return this.#queue.run(async () => {
      const intake = new Map<string, Candidate>()
      const sorted = arrivals.map((arrival) => this.#sort(arrival, intake))
      const failure = await this.#admission.admit([...intake.values()]).then(() => undefined, (error: unknown) => this.#fail(error))
      this.#forgetRefusals()
      return sorted.map((item) => 'status' in item ? item : this.#verdictOf(item, intake, failure))
    })
  }

  /**
   * Lets `edit` change a draft of the state, and writes what it changed as one envelope of this node. Resolves to the envelope
   * once it is on disk, or to `undefined` when nothing changed. A string is a text that
   * could merge by character: assigning one replaces it, and takes an operation for each character. When `edit` throws, nothing is written and its error is passed on.
   *
   * @throws MeshError `MESH_ENTRY_TOO_LARGE`, `MESH_DISK_FAILED`; `TypeError` when `edit` is asynchronous.
   */
  change<Shape extends object = StateObject> (edit: (draft: Shape) => void, atMs: number): Promise<StateEnvelope | undefined> {
    return this.#queue.run(async () => {
      const { history } = this.#stored
      let { size } = history
      try {
        const { identity, meshId } = this.#context
        const last = history.nodeOf(this.#lastOwn) ?? history.tipOf(identity.did)
        const made = writeChange(history, { identity, meshId, journal: this.#journal }, last, edit, Math.floor(atMs))
        await this.#stored.store(history, made)
        size += made.length
        this.#lastOwn = made.at(-1)?.id ?? this.#lastOwn
        return made.at(-1)?.envelope
      } finally {
        if (!history.isSound(size)) this.#stored.discard()
      }
    })
  }

  /** Resolves when pending writes are done and the files are closed. */
  close (): Promise<void> {
    return this.#queue.run(() => this.#stored.close())
  }

  #sort (arrival: Arrival, intake: Map<string, Candidate>): Verdict | Candidate {
    if (arrival.kind === 'snapshot') return { status: 'refused', reason: 'states have no snapshots' }
    const { envelope } = arrival
    const id = hexOf(envelope.id)
    if (this.#stored.feeds.of(envelope.origin)?.has(envelope.id) === true) return { status: 'duplicate' }
    const candidate = this.#admission.objectionTo(id) ?? intake.get(id) ?? readCandidate(envelope, this.#journal)
    if (typeof candidate === 'string') return { status: 'refused', reason: candidate }
    intake.set(id, candidate)
    return candidate
  }

  #verdictOf ({ id, envelope }: Candidate, intake: Map<string, Candidate>, failure: string | undefined): Verdict {
    const { origin, header: { seq, prev } } = envelope
    const feed = this.#stored.feeds.of(origin)
    const reason = this.#stored.refusals.get(id)
    if (feed?.has(envelope.id) === true) return { status: intake.delete(id) ? 'stored' : 'duplicate' }
    if (reason !== undefined) return { status: 'refused', reason }
    if (failure !== undefined) return { status: 'failed', reason: failure }
    const follows = prev === undefined || feed?.has(prev) === true
    return { status: 'gap', reason: follows ? 'a change that it builds on is missing' : `envelope ${seq - 1} is missing` }
  }

  #fail (error: unknown): string {
    this.#stored.discard()
    return describeError(error)
  }

  #forgetRefusals (): void {
    const { refusals } = this.#stored
    for (const id of refusals.keys()) {
      if (refusals.size <= maxRefusals) return
      refusals.delete(id)
    }
  }
}
