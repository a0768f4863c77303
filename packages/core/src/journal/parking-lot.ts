import type { Did } from '../did.ts'
import type { FeedId } from '../transport.ts'
import { feedKey } from '../wire.ts'
import type { Arrival } from './feed.ts'
import type { Why } from './parking-record.ts'
import { hexOf } from './state/hex.ts'

/** How much may be parked, in all and of one origin. */
export interface Space {
  readonly bytes: number
  readonly items: number
  readonly originBytes: number
  readonly originItems: number
}

/** Where a parked item is, and what one needs to know of it without reading it. */
export interface Slot {
  /** Id of the envelope or of the snapshot's proof, hex. */
  readonly id: string
  readonly kind: Arrival['kind']
  readonly feed: FeedId
  readonly seq: number
  /** Hash of the change, hex, when it is an envelope of a state. */
  readonly head: string | undefined
  readonly bytes: number
  why: Why
  /** Its number in the file. */
  record: number
}

/** What is parked of one feed, for one reason. */
export interface ParkedRow {
  readonly origin: Did
  readonly part: FeedId['part']
  readonly why: Why
  readonly items: number
  readonly bytes: number
}

/** The slot that an arrival needs, with no place in the file yet. */
export function slotFor (arrival: Arrival, bytes: number, why: Why): Slot {
  const { id, origin, header: { journal, part, seq, heads } } = arrival.kind === 'envelope' ? arrival.envelope : arrival.snapshot.proof
  const head = part === 'state' && heads[0] !== undefined ? hexOf(heads[0]) : undefined
  return { id: hexOf(id), kind: arrival.kind, feed: { journal, part, origin }, seq, head, bytes, why, record: -1 }
}

/** What is parked where, in memory: knows how much room there is, and who has to make way. */
export class ParkingLot {
  readonly #space: Space
  readonly #slots = new Map<string, Slot>()
  readonly #feeds = new Map<string, Set<Slot>>()
  readonly #heads = new Map<string, Slot>()
  readonly #used = new Map<Did | 'all', { items: number, bytes: number }>()

  constructor (space: Space) {
    this.#space = space
  }

  get slots (): readonly Slot[] { return [...this.#slots.values()] }

  get items (): number { return this.#usedBy('all').items }

  /** Bytes of all items. */
  get bytes (): number { return this.#usedBy('all').bytes }

  get summary (): readonly ParkedRow[] {
    const rows = new Map<string, { origin: Did, part: FeedId['part'], why: Why, items: number, bytes: number }>()
    for (const { feed: { origin, part }, why, bytes } of this.#slots.values()) {
      const row = rows.get(`${origin}/${part}/${why}`) ?? { origin, part, why, items: 0, bytes: 0 }
      rows.set(`${origin}/${part}/${why}`, { ...row, items: row.items + 1, bytes: row.bytes + bytes })
    }
    return [...rows.keys()].sort().flatMap((key) => rows.get(key) ?? [])
  }

  /** The slot of the same item, if it is parked. */
  find ({ kind, id }: Pick<Slot, 'kind' | 'id'>): Slot | undefined { return this.#slots.get(`${kind}/${id}`) }

  /** Slots of the envelope with this id, and of a snapshot that it proves. */
  withId (id: string): readonly Slot[] {
    return (['envelope', 'snapshot'] as const).flatMap((kind) => this.find({ kind, id }) ?? [])
  }

  withHead (head: string): Slot | undefined { return this.#heads.get(head) }

  /** Slots of a feed, the lowest seq first. */
  of (feed: FeedId): readonly Slot[] {
    return [...this.#feeds.get(feedKey(feed)) ?? []].sort((a, b) => a.seq - b.seq)
  }

  add (slot: Slot): void {
    this.#slots.set(`${slot.kind}/${slot.id}`, slot)
    if (slot.head !== undefined) this.#heads.set(slot.head, slot)
    const key = feedKey(slot.feed)
    this.#feeds.set(key, (this.#feeds.get(key) ?? new Set()).add(slot))
    this.#count(slot, 1)
  }

  remove (slot: Slot): void {
    this.#slots.delete(`${slot.kind}/${slot.id}`)
    if (slot.head !== undefined && this.#heads.get(slot.head) === slot) this.#heads.delete(slot.head)
    const key = feedKey(slot.feed)
    const feed = this.#feeds.get(key)
    if (feed?.delete(slot) === true && feed.size === 0) this.#feeds.delete(key)
    this.#count(slot, -1)
  }

  /**
   * The slots that make way for another, none when there is room; `undefined` when it does not fit. Only later items of
   * the same feed make way: they are of use only after it.
   */
  makeWay (slot: Slot): readonly Slot[] | undefined {
    const leaving: Slot[] = []
    if (this.#fits(slot, leaving)) return leaving
    for (const later of this.of(slot.feed).filter(({ seq }) => seq > slot.seq).reverse()) {
      leaving.push(later)
      if (this.#fits(slot, leaving)) return leaving
    }
    return undefined
  }

  #fits (slot: Slot, leaving: readonly Slot[]): boolean {
    const { bytes, items, originBytes, originItems } = this.#space
    const freed = leaving.reduce((sum, other) => sum + other.bytes, 0)
    const fits = (used: { items: number, bytes: number }, maxBytes: number, maxItems: number) =>
      used.bytes - freed + slot.bytes <= maxBytes && used.items - leaving.length + 1 <= maxItems
    return fits(this.#usedBy('all'), bytes, items) && fits(this.#usedBy(slot.feed.origin), originBytes, originItems)
  }

  #usedBy (who: Did | 'all'): { items: number, bytes: number } {
    return this.#used.get(who) ?? { items: 0, bytes: 0 }
  }

  #count ({ feed: { origin }, bytes }: Slot, sign: 1 | -1): void {
    for (const who of ['all', origin] as const) {
      const used = this.#usedBy(who)
      const items = used.items + sign
      if (items === 0) this.#used.delete(who)
      else this.#used.set(who, { items, bytes: used.bytes + sign * bytes })
    }
  }
}
