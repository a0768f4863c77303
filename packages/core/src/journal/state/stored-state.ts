import type { StateEnvelope } from '../../envelope.ts'
import type { Feed, OwnFeedContext } from '../feed.ts'
import { readCandidate, type Candidate } from './candidate.ts'
import type { Twin } from './resolution.ts'
import { actorOf } from './state-actor.ts'
import { StateFeeds } from './state-feeds.ts'
import { StateHistory } from './state-history.ts'

/** What others may see of a document. */
export interface View {
  /** Hashes in hex, ascending. */
  readonly heads: readonly string[]
  readonly read: () => unknown
}

/** A journal's state on disk, and what is loaded of it: a document that can be thrown away at any time, and comes back as stored. */
export class StoredState {
  readonly feeds: StateFeeds
  /** Why envelopes were refused, by id, hex. */
  readonly refusals = new Map<string, string>()
  readonly #journal: string
  readonly #context: OwnFeedContext
  #held: readonly Candidate[] = []
  #history: StateHistory | undefined
  #view: View | undefined

  private constructor (journal: string, context: OwnFeedContext, feeds: StateFeeds) {
    this.#journal = journal
    this.#context = context
    this.feeds = feeds
  }

  /**
   * Opens the feeds. The document is loaded when it is first used; at once, to find out what waits, when something that a change
   * builds on is not here. Throws `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`.
   */
  static async open (journal: string, folder: string, context: OwnFeedContext, accept: Feed['accept']): Promise<StoredState> {
    const feeds = await StateFeeds.open(journal, folder, context, accept)
    const state = new StoredState(journal, context, feeds)
    if (feeds.lacksBase) state.#load()
    return state
  }

  /** The document and its graph, and maybe more than is stored while something comes in. Throws `MESH_DISK_FAILED`. */
  get history (): StateHistory {
    this.#history ??= this.#load()
    return this.#history
  }

  /** Stored envelopes that are not in the document: what they build on was lost, and comes again. */
  get held (): readonly Candidate[] { return this.#held }

  /** The document as it is stored. Throws `MESH_DISK_FAILED`. */
  get view (): View {
    return this.#view ?? this.#show(this.history)
  }

  /** Stores candidates that came into the history and shows them. Resolves once all are durable; rejects with `MESH_DISK_FAILED` when none is. */
  async store (history: StateHistory, ready: readonly Candidate[]): Promise<void> {
    if (ready.length === 0) return
    const fresh = ready.filter(({ stored }) => !stored)
    await this.feeds.store(fresh.map(({ envelope, vouched }) => ({ envelope, kind: vouched ? 'vouched' : 'admitted' })))
    this.#hold(this.#held.filter((candidate) => !history.has(candidate)))
    this.#show(history)
  }

  /** As `StateFeeds.storeTwins`. */
  async storeTwins (twins: readonly Twin[]): Promise<void> {
    if (twins.length > 0) await this.feeds.storeTwins(twins)
  }

  /** Throws the document away. The next use loads what is stored, and this node writes as another actor from then on. */
  discard (): void {
    this.#history = undefined
    this.#view = undefined
  }

  async close (): Promise<void> {
    await this.feeds.close()
  }

  #load (): StateHistory {
    const { identity: { did }, newActor } = this.#context
    const stored = this.feeds.all.flatMap((feed) => [...feed.envelopes()].flatMap((envelope) => this.#recall(envelope)))
    const known = new Set(this.refusals.keys())
    const history = StateHistory.load(stored, () => actorOf(newActor(), did), this.refusals)
    for (const { id, envelope } of stored) if (!known.has(id)) this.#reportRefusal(id, envelope)
    this.#hold(stored.filter((candidate) => !history.has(candidate) && !this.refusals.has(candidate.id)))
    this.#show(history)
    return history
  }

  #hold (held: readonly Candidate[]): void {
    this.#held = held
    for (const feed of this.feeds.all) feed.holdBack(new Set(held.filter(({ envelope: { origin } }) => origin === feed.id.origin).map(({ id }) => id)))
  }

  #reportRefusal (id: string, { origin, header: { seq } }: StateEnvelope): void {
    const reason = this.refusals.get(id)
    if (reason !== undefined) this.#context.damaged({ journal: this.#journal, part: 'state', origin }, `envelope ${seq} is left out: ${reason}`)
  }

  #recall (envelope: StateEnvelope): Candidate[] {
    const candidate = readCandidate(envelope, this.#journal, { stored: true })
    return typeof candidate === 'string' ? [] : [candidate]
  }

  #show ({ heads, reader }: StateHistory): View {
    let value: unknown
    this.#view = { heads, read: () => (value ??= reader()) }
    return this.#view
  }
}
