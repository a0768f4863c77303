import { sameBytes } from '../bytes.ts'
import type { Did } from '../did.ts'
import { MeshError } from '../errors.ts'
import type { Journals } from '../journal/journals.ts'
import type { Digest, EnvelopeReceiver, FeedState, LinkSource, PullOptions, Range, Receipt } from '../transport.ts'
import { compareFeeds, digestRoot, feedKey } from '../wire.ts'
import type { Inbox } from './inbox.ts'
import { gather } from './outbox.ts'
import type { SendGate } from './send-gate.ts'
import type { Sharing } from './sharing.ts'

const maxServedBytes = 8 << 20

/** What somebody who shows up shows: feeds that it has, by sending them or by telling of them, and the root of its digest. */
export interface Contact {
  readonly shown?: readonly FeedState[]
  readonly told?: readonly FeedState[]
  readonly root?: Uint8Array
}

export interface ReceiverOptions {
  readonly journals: Journals
  readonly sharing: Sharing
  readonly inbox: Inbox
  readonly gate: SendGate
  /** Envelopes that somebody may lack before whole segments are served instead. */
  readonly maxEnvelopes: number
  /** Somebody showed up. */
  readonly contact: (from: LinkSource, seen: Contact) => void
  readonly hint: (from: LinkSource) => void
  /** What belongs to no feed, for one who asks and to whom nothing is sent otherwise; taken for sent. */
  readonly itemsFor?: (from: LinkSource) => Promise<readonly Uint8Array[]>
}

/** Answers what transports receive. Says nothing of a journal to a node that does not get it. */
export class Receiver implements EnvelopeReceiver {
  readonly #options: ReceiverOptions

  constructor (options: ReceiverOptions) {
    this.#options = options
  }

  admits (did: Did): boolean {
    return this.#options.sharing.admits(did)
  }

  async receive (batch: readonly Uint8Array[], from: LinkSource): Promise<Receipt> {
    this.#admit(from)
    const { inbox, contact } = this.#options
    const { verdicts, have, shown } = await inbox.receive(batch, from, (shown) => contact(from, { shown }))
    contact(from, { shown })
    return { verdicts, have: have.filter(({ feed }) => this.#options.sharing.sharesOver(feed.journal, from)).map((state) => this.#mark(state)) }
  }

  async digest ({ root: theirs, feeds: told }: Digest, from: LinkSource): Promise<Digest> {
    this.#admit(from)
    const feeds = this.#options.journals.states((journal) => this.#options.sharing.sharesOver(journal, from))
    const root = digestRoot(feeds)
    this.#options.contact(from, { root: theirs, told: told?.filter(({ feed }) => this.#options.sharing.sharesOver(feed.journal, from)) ?? [] })
    const items = await this.#options.itemsFor?.(from) ?? []
    const answer = { root, ...items.length > 0 && { items } }
    if (told !== undefined) return { ...answer, feeds: aboutThese(told, feeds).map((state) => this.#mark(state)) }
    return sameBytes(root, theirs) ? answer : { ...answer, feeds: feeds.map((state) => this.#mark(state)) }
  }

  async * serve (want: readonly Range[], { limit, newestFirst = false }: PullOptions, from: LinkSource): AsyncGenerator<Uint8Array> {
    this.#admit(from)
    const { journals, gate, sharing, maxEnvelopes } = this.#options
    const wanted = want.toSorted((a, b) => compareFeeds(a.feed, b.feed)).flatMap(({ feed: id, have, skip = [] }) => {
      const feed = sharing.sharesOver(id.journal, from) ? journals.feed(id) : undefined
      return feed === undefined ? [] : [{ feed, have, skip }]
    })
    const to = from.kind === 'peer' ? from.did : from.name
    for await (const { bytes } of gather(wanted, to, { limit, newestFirst, maxBytes: maxServedBytes, maxEnvelopes, gate, held: () => {} })) yield bytes
  }

  hint (from: LinkSource): void {
    this.#options.hint(from)
  }

  #mark (state: FeedState): FeedState {
    return this.#options.sharing.admits(state.feed.origin) ? state : { ...state, closed: true }
  }

  #admit (from: LinkSource): void {
    if (from.kind === 'peer' && !this.admits(from.did)) {
      throw new MeshError('MESH_NOT_TRUSTED', `${from.did} is not trusted here. To let it in: akshi trust ${from.did}`)
    }
  }
}

/** What this node has of feeds that it was told of, and nothing of the others. */
function aboutThese (told: readonly FeedState[], mine: readonly FeedState[]): readonly FeedState[] {
  const keys = new Set(told.map(({ feed }) => feedKey(feed)))
  return mine.filter(({ feed }) => keys.has(feedKey(feed)))
}
