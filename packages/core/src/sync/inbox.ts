import { readAnnouncement } from '../announce.ts'
import type { SignedAnnouncement } from '../announcement.ts'
import type { Did } from '../did.ts'
import { parseEnvelope, type Envelope, type JournalEnvelope } from '../envelope.ts'
import { describeError } from '../errors.ts'
import { envelopeOf, type Arrival, type Feed } from '../journal/feed.ts'
import type { Journals } from '../journal/journals.ts'
import { isMessageItem } from '../messages/message-item.ts'
import type { Notices } from '../notices.ts'
import { isSnapshot, parseSnapshot } from '../snapshot.ts'
import type { FeedId, FeedState, LinkSource, Receipt, Verdict } from '../transport.ts'
import { feedKey } from '../wire.ts'
import type { Sharing } from './sharing.ts'

export interface InboxOptions {
  readonly meshId: string
  readonly journals: Journals
  readonly sharing: Sharing
  readonly notices: Notices
  /** Whether this announcement of a node, or a newer one, is known: another copy is not verified again. */
  readonly knowsOf: (did: Did, seq: number) => boolean
  /** A peer sent something that another wrote, as it says. */
  readonly carried?: (origin: Did, by: Did) => void
  /** A peer sent its own announcement, as it says, whether that is new or not. */
  readonly introduced?: (did: Did) => void
  /** A message for this node, or one to carry. */
  readonly message?: (bytes: Uint8Array, from: LinkSource) => Promise<Verdict>
  /** A verified announcement of another node came in; whether its addresses are right is not known. */
  readonly announced: (announcement: SignedAnnouncement, from: LinkSource) => void
}

/** What a batch came to. */
export interface InboxReceipt extends Receipt {
  /** What the sender has shown to have by sending it. */
  readonly shown: readonly FeedState[]
  /** Entries that are here now and were not before. */
  readonly entries: number
}

/** An item sorted: what to take in, or what became of it already. */
type Sorted = { readonly arrival: Arrival, readonly verdict?: Verdict } | { readonly arrival?: undefined, readonly verdict: Verdict | undefined }

/**
 * Where every item comes in, whatever carried it: checks the signature, whether the origin is trusted and gets the
 * journal, and the place in the feed; then stores and applies it. A bad item harms nothing but itself.
 */
export class Inbox {
  readonly #options: InboxOptions

  constructor (options: InboxOptions) {
    this.#options = options
  }

  /**
   * Resolves when everything called `stored` is on disk. `have` lists the feeds that the batch was about. `showing` hears
   * what the sender has before any of it is stored, so that nobody sends it back.
   */
  async receive (batch: readonly Uint8Array[], from: LinkSource, showing: (shown: readonly FeedState[]) => void = () => {}): Promise<InboxReceipt> {
    const sorted = batch.map((bytes) => isMessageItem(bytes) ? { verdict: undefined } : this.#sort(bytes, from))
    showing(shownBy(sorted.flatMap(({ arrival, verdict }) => arrival !== undefined && (verdict === undefined || verdict.status === 'duplicate') ? [arrival] : [])))
    const verdicts = sorted.map(({ verdict }) => verdict)
    const byJournal = new Map<string, number[]>()
    for (const [index, { arrival, verdict }] of sorted.entries()) {
      if (arrival !== undefined && verdict === undefined) listOf(byJournal, nameOf(arrival)).push(index)
    }
    let entries = 0
    for (const [name, indexes] of byJournal) {
      entries += await this.#store(name, indexes.map((index) => sorted[index]?.arrival as Arrival), (at, verdict) => { verdicts[indexes[at] ?? 0] = verdict })
    }
    await Promise.all(batch.map(async (bytes, index) => {
      if (isMessageItem(bytes)) verdicts[index] = await this.#options.message?.(bytes, from) ?? { status: 'refused', reason: 'messages are not taken here' }
    }))
    await this.#park(sorted.flatMap(({ arrival, verdict }) => arrival !== undefined && verdict?.status === 'untrusted' ? [arrival] : []))
    const known = verdicts as Verdict[]
    for (const [index, verdict] of known.entries()) if (!isMessageItem(batch[index] as Uint8Array)) this.#note(verdict, from, sorted[index]?.arrival)
    return { verdicts: known, ...this.#describe(sorted, known), entries }
  }

  /** What needs no storing has its verdict; the rest is verified. */
  #sort (bytes: Uint8Array, from: LinkSource): Sorted {
    const { meshId, sharing, journals, announced, carried, introduced, knowsOf } = this.#options
    try {
      const { arrival, envelope, verified } = open(bytes, meshId)
      if (envelope.header.kind === 'a2a') return refused('a message stands by itself')
      if (from.kind === 'peer' && envelope.origin !== from.did) carried?.(envelope.origin, from.did)
      if (arrival === undefined) {
        if (from.kind === 'peer' && envelope.origin === from.did) introduced?.(from.did)
        if (knowsOf(envelope.origin, envelope.header.seq)) return { verdict: { status: 'duplicate' } }
        if (!verified()) return refused(badSignature)
        announced(readAnnouncement(envelope), from)
        return { verdict: { status: 'stored' } }
      }
      const { origin, header: { journal, seq }, id } = envelopeOf(arrival)
      // Who does not get a journal does not learn either what of it is here.
      if (!sharing.sharesOver(journal, from)) return refused(`journal "${journal}" is not shared with who sends it`)
      if (journals.feed(idOf(envelopeOf(arrival)))?.knows({ seq, id }) === true) return { arrival, verdict: { status: 'duplicate' } }
      if (!verified()) return refused(badSignature)
      if (!sharing.admits(origin)) return { arrival, verdict: { status: 'untrusted', reason: `waiting for trust in ${origin}` } }
      if (!sharing.shares(journal, origin)) return refused(`journal "${journal}" is not shared with ${origin}`)
      return { arrival }
    } catch (error) {
      return refused(describeError(error))
    }
  }

  async #store (name: string, arrivals: readonly Arrival[], note: (at: number, verdict: Verdict) => void): Promise<number> {
    try {
      const journal = await this.#options.journals.get(name)
      const before = journal.count
      const verdicts = await journal.accept(arrivals)
      verdicts.forEach((verdict, at) => note(at, verdict))
      return journal.count - before
    } catch (error) {
      arrivals.forEach((_, at) => note(at, { status: 'failed', reason: describeError(error) }))
      return 0
    }
  }

  async #park (arrivals: readonly Arrival[]): Promise<void> {
    for (const name of new Set(arrivals.map(nameOf))) {
      try {
        await (await this.#options.journals.get(name)).park(arrivals.filter((arrival) => nameOf(arrival) === name))
      } catch (error) {
        this.#options.notices.add('MESH_DISK_FAILED', describeError(error))
      }
    }
  }

  #describe (sorted: readonly Sorted[], verdicts: readonly Verdict[]): Pick<InboxReceipt, 'have' | 'shown'> {
    const known = new Map<string, Feed>()
    const here: Arrival[] = []
    for (const [index, { arrival }] of sorted.entries()) {
      const feed = arrival === undefined ? undefined : this.#options.journals.feed(idOf(envelopeOf(arrival)))
      if (arrival === undefined || feed === undefined || feed.state.tips.length === 0) continue
      known.set(feedKey(feed.id), feed)
      if (isHere(verdicts[index])) here.push(arrival)
    }
    return { have: [...known.values()].map(({ state }) => state), shown: shownBy(here) }
  }

  #note ({ status, reason = '' }: Verdict, from: LinkSource, arrival: Arrival | undefined): void {
    const who = from.kind === 'peer' ? from.did : `the ${from.name} transport`
    if (status === 'refused') this.#options.notices.add('MESH_ENVELOPE_INVALID', `an envelope from ${who} was refused: ${reason}`, arrival === undefined ? undefined : idOf(envelopeOf(arrival)))
    if (status === 'untrusted') this.#options.notices.add('MESH_NOT_TRUSTED', `${reason} (its envelopes come from ${who})`)
    if (status === 'failed') this.#options.notices.add('MESH_DISK_FAILED', reason)
  }
}

const badSignature = 'the signature does not fit (altered, or signed for another mesh)'

interface Opened {
  /** Missing for what belongs to no feed. */
  readonly arrival: Arrival | undefined
  readonly envelope: Envelope
  readonly verified: () => boolean
}

function open (bytes: Uint8Array, meshId: string): Opened {
  if (isSnapshot(bytes)) {
    const { verified, ...snapshot } = parseSnapshot(bytes, meshId)
    return { arrival: { kind: 'snapshot', snapshot, bytes }, envelope: snapshot.proof, verified }
  }
  const { envelope, verified } = parseEnvelope(bytes, meshId)
  return { arrival: isJournal(envelope) ? { kind: 'envelope', envelope } : undefined, envelope, verified }
}

function isJournal (envelope: Envelope): envelope is JournalEnvelope {
  return envelope.header.kind === 'journal'
}

function idOf ({ origin, header: { journal, part } }: JournalEnvelope): FeedId {
  return { journal, part, origin }
}

function nameOf (arrival: Arrival): string {
  return envelopeOf(arrival).header.journal
}

function refused (reason: string): Sorted {
  return { verdict: { status: 'refused', reason } }
}

function isHere (verdict: Verdict | undefined): boolean {
  return verdict?.status === 'stored' || verdict?.status === 'duplicate'
}

/** What somebody has who has these: of each feed the last. */
function shownBy (arrivals: readonly Arrival[]): FeedState[] {
  const shown = new Map(arrivals.map((arrival) => {
    const state = stateAfter(envelopeOf(arrival))
    return [feedKey(state.feed), state]
  }))
  return [...shown.values()]
}

function stateAfter (envelope: JournalEnvelope): FeedState {
  return { feed: idOf(envelope), tips: [{ seq: envelope.header.seq, id: envelope.id }], heads: envelope.header.heads }
}

function listOf<Key> (lists: Map<Key, number[]>, key: Key): number[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}
