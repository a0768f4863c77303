import type { Did } from '../did.ts'
import { parseEnvelope, type JournalEnvelope, type LogEnvelope } from '../envelope.ts'
import { describeError } from '../errors.ts'
import { isLogEnvelope, isSnapshot, parseSnapshot, type Snapshot } from '../snapshot.ts'
import type { FeedId } from '../transport.ts'
import { feedKey } from '../wire.ts'
import { LogVerifier } from './log-verifier.ts'
import { StateVerifier } from './state-verifier.ts'
import { BadItem, type PlacedItem, type Verification, type VerifiedCount } from './verification.ts'

/** What an item must belong to. */
export type Expected = Partial<FeedId>

type Opened =
  | { readonly envelope: JournalEnvelope, readonly snapshot: undefined }
  | { readonly envelope: LogEnvelope, readonly snapshot: Snapshot }

/** Verifies items, each after what it goes on from, and counts what was good. */
export class Verifier {
  readonly #meshId: string
  readonly #origins = new Set<Did>()
  readonly #journals = new Set<string>()
  readonly #logs = new Map<string, LogVerifier>()
  readonly #states = new Map<string, StateVerifier>()
  #envelopes = 0
  #snapshots = 0
  #bytes = 0

  constructor (meshId: string) {
    this.#meshId = meshId
  }

  get count (): VerifiedCount {
    const parts = [...this.#logs.values(), ...this.#states.values()]
    return {
      journals: this.#journals,
      origins: this.#origins,
      envelopes: this.#envelopes,
      snapshots: this.#snapshots,
      entries: [...this.#logs.values()].reduce((sum, { entries }) => sum + entries, 0),
      forks: parts.reduce((sum, { forks }) => sum + forks, 0),
      bytes: this.#bytes
    }
  }

  get notes (): readonly string[] {
    return [...[...this.#logs].flatMap(([key, { notes }]) => notes.map((each) => `${key}: ${each}`)), ...[...this.#states.values()].flatMap(({ notes }) => notes)]
  }

  /** What came of a task that adds items, up to the first bad one. */
  async run (task: () => Promise<void>): Promise<Verification> {
    try {
      await task()
      return { ...this.count, notes: this.notes }
    } catch (error) {
      if (!(error instanceof BadItem)) throw error
      return { ...this.count, notes: this.notes, bad: { file: '', ...error.where, reason: error.reason } }
    }
  }

  /** Verifies everything about one item. Throws `BadItem`. */
  async add (item: PlacedItem, expected: Expected = {}): Promise<void> {
    const { envelope, snapshot } = this.open(item, expected)
    const { bytes, file, record } = item
    const feed = feedOf(envelope)
    try {
      if (snapshot !== undefined) await this.#logOf(feed).addSnapshot(snapshot)
      else if (isLogEnvelope(envelope)) await this.#logOf(feed).addEnvelope(envelope)
      else if (envelope.header.part === 'state') this.#stateOf(feed.journal).add({ ...envelope, header: envelope.header })
    } catch (error) {
      if (error instanceof BadItem) throw new BadItem(error.reason, { feed, seq: envelope.header.seq, file, record }, { cause: error })
      throw error
    }
    this.#origins.add(envelope.origin)
    this.#journals.add(feed.journal)
    if (snapshot === undefined) this.#envelopes++
    else this.#snapshots++
    this.#bytes += bytes.length
  }

  /** Verifies form, signature and feed of an item by itself, and counts nothing. Throws `BadItem`. */
  open (placed: PlacedItem, expected: Expected = {}): Opened {
    const { item, verified } = this.#parse(placed)
    const { envelope } = item
    const { file, record } = placed
    const feed = feedOf(envelope)
    const fail = (reason: string) => new BadItem(reason, { feed, seq: envelope.header.seq, file, record })
    if (!verified()) throw fail('its signature does not fit: it was altered, or signed for another mesh')
    if (feedKey({ ...feed, ...expected }) !== feedKey(feed)) throw fail(`it belongs to ${feedKey(feed)}, not here`)
    return item
  }

  #parse ({ bytes, file, record }: PlacedItem): { item: Opened, verified: () => boolean } {
    try {
      if (isSnapshot(bytes)) {
        const { verified, ...snapshot } = parseSnapshot(bytes, this.#meshId)
        return { item: { envelope: snapshot.proof, snapshot }, verified }
      }
      const { envelope, verified } = parseEnvelope(bytes, this.#meshId)
      if (envelope.header.kind !== 'journal') throw new TypeError('it belongs to no feed')
      return { item: { envelope: envelope as JournalEnvelope, snapshot: undefined }, verified }
    } catch (cause) {
      throw new BadItem(`it is not an item of a feed: ${describeError(cause)}`, { file, record }, { cause })
    }
  }

  #logOf (feed: FeedId): LogVerifier {
    const key = feedKey(feed)
    const log = this.#logs.get(key) ?? new LogVerifier()
    this.#logs.set(key, log)
    return log
  }

  #stateOf (journal: string): StateVerifier {
    const key = `${journal}/state`
    const state = this.#states.get(key) ?? new StateVerifier(journal)
    this.#states.set(key, state)
    return state
  }
}

export interface VerifyOptions {
  /** Called after each item that was good, with the way to learn what was verified so far. */
  readonly progress?: (count: () => VerifiedCount) => void
  readonly expected?: Expected
}

/**
 * Verifies every item again, with nothing but the items: signature and canonical form, the chain of each path (forks are
 * allowed and counted), that each change is the one its header names and one that its log may take, that the document of
 * each snapshot is, as Automerge reads it, the one that its proof signs, and all counts. Each item must come after what it
 * goes on from, as `exportItems` gives them. Resolves at the first bad one. Whether an origin is trusted is not asked.
 *
 * @throws what `items` throws.
 */
export async function verifyItems (items: AsyncIterable<PlacedItem>, meshId: string, { progress, expected = {} }: VerifyOptions = {}): Promise<Verification> {
  const verifier = new Verifier(meshId)
  return await verifier.run(async () => {
    for await (const item of items) {
      await verifier.add(item, expected)
      progress?.(() => verifier.count)
    }
  })
}

function feedOf ({ header: { journal, part }, origin }: JournalEnvelope): FeedId {
  return { journal, part, origin }
}
