import { sameBytes } from '../bytes.ts'
import type { JournalEnvelope } from '../envelope.ts'
import { maxSegmentEntries, Segment } from './segment.ts'

/** What the envelopes of one log feed add up to: its chain of segment documents. */
export class LogDocuments {
  readonly #journal: string
  readonly #newActor: () => Uint8Array
  #segments: Segment[] = []

  /** `newActor` gives a fresh random actor, 16 bytes. */
  constructor (journal: string, newActor: () => Uint8Array) {
    this.#journal = journal
    this.#newActor = newActor
  }

  /** Entries in all segments. */
  get count (): number {
    return this.#segments.reduce((sum, { count }) => sum + count, 0)
  }

  /** How many more entries fit into the open segment. */
  get room (): number {
    return maxSegmentEntries - (this.#segments.at(-1)?.count ?? 0)
  }

  /** Number of the open segment; none before the first envelope. */
  get openSegment (): number | undefined {
    return this.#segments.at(-1)?.number
  }

  /** Automerge heads of the open segment, 32 bytes each. */
  get heads (): readonly Uint8Array[] {
    return this.#segments.at(-1)?.heads ?? []
  }

  /** Writes texts as one change; those that do not fit into the open segment begin a new one. */
  append (texts: readonly string[], atSecs: number): { segment: Segment, change: Uint8Array, head: Uint8Array } {
    const previousHead = this.heads[0]
    const open = texts.length <= this.room ? this.#segments.at(-1) : undefined
    const segment = open ?? this.#add(this.#segments.length)
    return { segment, ...segment.append(texts, atSecs, { journal: this.#journal, previousHead }) }
  }

  /** Applies envelopes in feed order, neighbours of one actor at once. Throws as `Segment.apply`; call `reset` then. */
  apply (envelopes: readonly JournalEnvelope[]): void {
    for (let start = 0, end = 1; start < envelopes.length; start = end++) {
      const { segment, actor } = (envelopes[start] as JournalEnvelope).header
      while (end < envelopes.length && envelopes[end]?.header.segment === segment && sameBytes(envelopes[end]?.header.actor, actor)) end++
      const document = this.#segments[segment] ?? this.#add(segment)
      document.apply(actor, envelopes.slice(start, end).map(({ payload }) => payload))
    }
  }

  /** Texts of the entries `from` to before `to`, in feed order. */
  read (from: number, to: number): string[] {
    const texts: string[] = []
    let first = 0
    for (const segment of this.#segments) {
      if (first < to && first + segment.count > from) texts.push(...segment.read(from - first, to - first))
      first += segment.count
    }
    return texts
  }

  /** Forgets everything and frees its memory. */
  reset (): void {
    for (const segment of this.#segments) segment.free()
    this.#segments = []
  }

  #add (number: number): Segment {
    const segment = new Segment(number, this.#newActor())
    this.#segments[number] = segment
    return segment
  }
}
