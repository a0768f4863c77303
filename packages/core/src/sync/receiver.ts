import { sameBytes } from '../bytes.ts'
import type { Did } from '../did.ts'
import { MeshError } from '../errors.ts'
import type { Hooks } from '../hooks.ts'
import type { Journals } from '../journal/journals.ts'
import type { Digest, EnvelopeReceiver, FeedState, LinkSource, Range, Receipt } from '../transport.ts'
import { compareFeeds, digestRoot } from '../wire.ts'
import type { Inbox } from './inbox.ts'
import { gather } from './outbox.ts'
import type { Sharing } from './sharing.ts'

const maxServedBytes = 8 << 20

export interface ReceiverOptions {
  readonly journals: Journals
  readonly sharing: Sharing
  readonly inbox: Inbox
  readonly hooks: Hooks
  /** Somebody showed up; `shown` is what it has shown to have, `root` the root of its digest if it sent one. */
  readonly contact: (from: LinkSource, seen: { readonly shown?: readonly FeedState[], readonly root?: Uint8Array }) => void
  readonly hint: (from: LinkSource) => void
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
    const { verdicts, have, shown } = await this.#options.inbox.receive(batch, from)
    this.#options.contact(from, { shown })
    return { verdicts, have: have.filter(({ feed }) => this.#options.sharing.sharesOver(feed.journal, from)) }
  }

  async digest ({ root: theirs }: Digest, from: LinkSource): Promise<Digest> {
    this.#admit(from)
    const feeds = this.#options.journals.states((journal) => this.#options.sharing.sharesOver(journal, from))
    const root = digestRoot(feeds)
    this.#options.contact(from, { root: theirs })
    return sameBytes(root, theirs) ? { root } : { root, feeds }
  }

  async * serve (want: readonly Range[], limit: number, from: LinkSource): AsyncGenerator<Uint8Array> {
    this.#admit(from)
    const { journals, hooks, sharing } = this.#options
    const wanted = want.toSorted((a, b) => compareFeeds(a.feed, b.feed)).flatMap((range) => {
      const feed = sharing.sharesOver(range.feed.journal, from) ? journals.feed(range.feed) : undefined
      return feed === undefined ? [] : [{ feed, range }]
    })
    const to = from.kind === 'peer' ? from.did : from.name
    for await (const { bytes } of gather(wanted, to, limit, maxServedBytes, hooks, () => {})) yield bytes
  }

  hint (from: LinkSource): void {
    this.#options.hint(from)
  }

  #admit (from: LinkSource): void {
    if (from.kind === 'peer' && !this.admits(from.did)) {
      throw new MeshError('MESH_NOT_TRUSTED', `${from.did} is not trusted here. To let it in: akshi trust ${from.did}`)
    }
  }
}
