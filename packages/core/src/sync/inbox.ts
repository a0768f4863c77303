import { sameBytes } from '../bytes.ts'
import { readAnnouncement } from '../announce.ts'
import type { SignedAnnouncement } from '../announcement.ts'
import { parseEnvelope, type JournalEnvelope } from '../envelope.ts'
import { describeError } from '../errors.ts'
import type { Feed } from '../journal/feed.ts'
import type { Journals } from '../journal/journals.ts'
import type { Notices } from '../notices.ts'
import type { FeedId, FeedState, LinkSource, Receipt, Verdict } from '../transport.ts'
import { feedKey } from '../wire.ts'
import type { Sharing } from './sharing.ts'

export interface InboxOptions {
  readonly meshId: string
  readonly journals: Journals
  readonly sharing: Sharing
  readonly notices: Notices
  /** A verified announcement of another node came in; whether its addresses are right is not known. */
  readonly announced: (announcement: SignedAnnouncement, from: LinkSource) => void
}

/** A receipt, and what the sender has shown to have by sending it. */
export interface InboxReceipt extends Receipt {
  readonly shown: readonly FeedState[]
}

interface Item { readonly index: number, readonly envelope: JournalEnvelope }

/**
 * Where every envelope comes in, whatever carried it: checks the signature, whether the origin is trusted and gets the
 * journal, and the place in the feed; then stores and applies it. A bad envelope harms nothing but itself.
 */
export class Inbox {
  readonly #options: InboxOptions

  constructor (options: InboxOptions) {
    this.#options = options
  }

  /** Resolves when everything called `stored` is on disk. `have` lists the feeds that the batch was about. */
  async receive (batch: readonly Uint8Array[], from: LinkSource): Promise<InboxReceipt> {
    const verdicts = new Array<Verdict>(batch.length)
    const groups = new Map<string, Item[]>()
    const known = new Map<string, Feed>()
    const shown = new Map<string, FeedState>()
    batch.forEach((bytes, index) => {
      const outcome = this.#sort(bytes, from, known, shown)
      if ('status' in outcome) verdicts[index] = outcome
      else append(groups, feedKey(idOf(outcome)), { index, envelope: outcome })
    })
    for (const [key, items] of groups) {
      const feed = await this.#store(items, verdicts)
      if (feed !== undefined) known.set(key, feed)
      for (const { index, envelope } of items) if (isHere(verdicts[index])) shown.set(key, stateAfter(envelope))
    }
    for (const verdict of verdicts) this.#note(verdict, from)
    return { verdicts, have: [...known.values()].map(({ state }) => state), shown: [...shown.values()] }
  }

  /** A verdict for what needs no storing; the envelope itself otherwise. Notes in `known` the feeds of duplicates. */
  #sort (bytes: Uint8Array, from: LinkSource, known: Map<string, Feed>, shown: Map<string, FeedState>): Verdict | JournalEnvelope {
    const { meshId, sharing, journals, announced } = this.#options
    try {
      const { envelope, verified } = parseEnvelope(bytes, meshId)
      // Who does not get a journal does not learn either what of it is here.
      if (isJournal(envelope) && !sharing.sharesOver(envelope.header.journal, from)) return { status: 'refused', reason: `journal "${envelope.header.journal}" is not shared with who sends it` }
      const feed = isJournal(envelope) ? journals.feed(idOf(envelope)) : undefined
      if (feed !== undefined && isJournal(envelope) && sameBytes(feed.idOf(envelope.header.seq), envelope.id)) {
        known.set(feedKey(feed.id), feed)
        shown.set(feedKey(feed.id), stateAfter(envelope))
        return { status: 'duplicate' }
      }
      if (!verified()) return { status: 'refused', reason: 'the signature does not fit (altered, or signed for another mesh)' }
      if (!isJournal(envelope)) {
        announced(readAnnouncement(envelope), from)
        return { status: 'stored' }
      }
      if (!sharing.admits(envelope.origin)) return { status: 'untrusted', reason: `waiting for trust in ${envelope.origin}` }
      if (!sharing.shares(envelope.header.journal, envelope.origin)) return { status: 'refused', reason: `journal "${envelope.header.journal}" is not shared with ${envelope.origin}` }
      return envelope
    } catch (error) {
      return { status: 'refused', reason: describeError(error) }
    }
  }

  async #store (items: readonly Item[], verdicts: Verdict[]): Promise<Feed | undefined> {
    const first = items[0]?.envelope
    if (first === undefined) return undefined
    try {
      const journal = this.#options.journals.get(first.header.journal)
      const results = await journal.accept(first.origin, items.map(({ envelope }) => envelope))
      items.forEach(({ index }, i) => { verdicts[index] = results[i] as Verdict })
      return await journal.feed(first.origin)
    } catch (error) {
      for (const { index } of items) verdicts[index] = { status: 'failed', reason: describeError(error) }
      return undefined
    }
  }

  #note ({ status, reason = '' }: Verdict, from: LinkSource): void {
    const who = from.kind === 'peer' ? from.did : `the ${from.name} transport`
    if (status === 'refused') this.#options.notices.add('MESH_ENVELOPE_INVALID', `an envelope from ${who} was refused: ${reason}`)
    if (status === 'fork') this.#options.notices.add('MESH_ENVELOPE_INVALID', `an envelope from ${who} forks its feed: ${reason}`)
    if (status === 'untrusted') this.#options.notices.add('MESH_NOT_TRUSTED', `${reason} (its envelopes come from ${who})`)
    if (status === 'failed') this.#options.notices.add('MESH_DISK_FAILED', reason)
  }
}

function isJournal (envelope: ReturnType<typeof parseEnvelope>['envelope']): envelope is JournalEnvelope {
  return envelope.header.kind === 'journal'
}

function idOf ({ origin, header: { journal, part } }: JournalEnvelope): FeedId {
  return { journal, part, origin }
}

function isHere (verdict: Verdict | undefined): boolean {
  return verdict?.status === 'stored' || verdict?.status === 'duplicate'
}

function stateAfter (envelope: JournalEnvelope): FeedState {
  return { feed: idOf(envelope), tips: [{ seq: envelope.header.seq, id: envelope.id }], heads: envelope.header.heads }
}

function append<Key, Value> (lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
