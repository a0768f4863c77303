import type { Feed } from '../../journal/feed.ts'
import type { Tip } from '../../transport.ts'
import { feedKey } from '../../wire.ts'

/**
 * State changes of origins that the other end does not trust, sent all the same when it misses something: it keeps them if
 * somebody whom it trusts has built on them. As of the last exchange.
 */
export class Lending {
  /** Journals whose state misses something there. */
  readonly #seeking = new Set<string>()
  /** Up to which number feeds were sent so, by feed key. */
  readonly #lent = new Map<string, number>()

  /** Notes that something before an envelope of this feed is missing there. */
  noteGap ({ id: { journal, part } }: Feed): void {
    if (part === 'state') this.#seeking.add(journal)
  }

  /** Notes that an envelope came there and its origin is not trusted. One that was sent before shows that it was sent in vain. */
  noteUntrusted ({ id }: Feed, seq: number): void {
    const key = feedKey(id)
    this.#lent.set(key, seq > (this.#lent.get(key) ?? 0) ? seq : Infinity)
  }

  /** What was lent already of a feed that is of use there; `undefined` for one that is not lent. */
  lentOf (feed: Feed): readonly Tip[] | undefined {
    const { id } = feed
    const seq = this.#lent.get(feedKey(id)) ?? 0
    return seq < Infinity && id.part === 'state' && this.#seeking.has(id.journal) ? feed.pointBefore(seq) : undefined
  }

  clear (): void {
    this.#seeking.clear()
    this.#lent.clear()
  }
}
