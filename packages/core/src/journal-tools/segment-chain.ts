import { SegmentRules, type LogChange } from '../automerge/segment-rules.ts'
import { sameBytes } from '../bytes.ts'
import type { Point } from '../journal/log/segment-index.ts'
import { inflateDocument, type Snapshot } from '../snapshot.ts'
import { hex } from './verification.ts'

/** A verified point of a path, with what the next segment has to go on from. Its id is unknown inside a snapshot. */
export interface VerifiedPoint extends Omit<Point, 'id'> {
  readonly lastEntryId: string | undefined
}

/** Where a segment goes on from. Before a feed's first segment there is nothing. */
export type Start = VerifiedPoint | undefined

/** One segment along one path, as far as it was verified, with what is needed to go on from anywhere in it. */
export class SegmentChain {
  readonly number: number
  readonly start: Start
  /** By envelope id, hex. */
  readonly points = new Map<string, VerifiedPoint>()
  readonly #rules: SegmentRules
  #base: Snapshot | undefined
  readonly #payloads: Uint8Array[] = []
  #tip: Start
  #tipId = ''

  constructor (number: number, start: Start, rules = new SegmentRules(start?.lastEntryId)) {
    this.number = number
    this.start = start
    this.#rules = rules
    this.#tip = start
  }

  /** From a snapshot whose document was verified. */
  static ofSnapshot (snapshot: Snapshot, start: Start, rules: SegmentRules): SegmentChain {
    const { proof } = snapshot
    const chain = new SegmentChain(proof.header.segment, start, rules)
    chain.#base = snapshot
    chain.#note({ seq: proof.header.seq, head: rules.head ?? new Uint8Array(0), entries: proof.header.entries, lastEntryId: rules.lastEntryId }, hex(proof.id))
    return chain
  }

  /** The last verified point; before the first envelope, the start. */
  get tip (): Start { return this.#tip }
  /** The id of the last envelope, hex. */
  get tipId (): string { return this.#tipId }

  /** Throws `RangeError` when the change cannot be the next of the segment. */
  check (payload: Uint8Array): LogChange {
    return this.#rules.check(payload)
  }

  /** Notes a change that was checked; `id` is that of its envelope, hex, if it is known. */
  add (change: LogChange, id?: string): VerifiedPoint {
    this.#rules.advance(change)
    this.#payloads.push(change.bytes)
    const point = { seq: (this.#tip?.seq ?? 0) + 1, head: change.hash, entries: (this.#tip?.entries ?? 0) + change.texts.length, lastEntryId: this.#rules.lastEntryId }
    this.#note(point, id)
    return point
  }

  /** Whether the id of the envelope that holds the change of this hash is known. */
  identifies (head: Uint8Array): boolean {
    return [...this.points.values()].some((point) => sameBytes(point.head, head))
  }

  /** A chain of its own that ends with the change of this hash; `undefined` when there is none here. Takes in all anew. */
  async upTo (head: Uint8Array): Promise<SegmentChain | undefined> {
    const prefix = new SegmentChain(this.number, this.start)
    for (const payload of await this.#changes()) {
      if (sameBytes(prefix.add(prefix.check(payload)).head, head)) return prefix
    }
    return undefined
  }

  #note (point: VerifiedPoint, id: string | undefined): void {
    this.#tip = point
    this.#tipId = id ?? ''
    if (id !== undefined) this.points.set(id, point)
  }

  async #changes (): Promise<readonly Uint8Array[]> {
    if (this.#base === undefined) return this.#payloads
    return [...SegmentRules.ofDocument(await inflateDocument(this.#base)).proof.changes(), ...this.#payloads]
  }
}
