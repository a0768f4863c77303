import type { ProofStep } from '../../automerge/document-proof.ts'
import { SegmentRules } from '../../automerge/segment-rules.ts'
import { payloadOf, peekEnvelope, type LogEnvelope } from '../../envelope.ts'
import { describeError } from '../../errors.ts'
import { inflateDocument, parseSnapshot } from '../../snapshot.ts'
import { DamagedSegment } from './damaged-segment.ts'
import { RecentIds } from './recent-ids.ts'
import { isDamage } from '../../storage/record-mending.ts'
import { pointOf, type SegmentFiles } from './segment-files.ts'
import type { Point, SegmentRow } from './segment-index.ts'

/** The content of a segment in memory. */
export interface LoadedSegment {
  readonly texts: string[]
  readonly rules: SegmentRules
}

/** What the files of a segment say. What is not as it was written is thrown as `DamagedSegment`, a disk that fails as `MESH_DISK_FAILED`. */
export class StoredSegment {
  readonly #after: SegmentRow['after']
  readonly #files: SegmentFiles
  readonly #meshId: string
  readonly #damage: (what: string) => DamagedSegment
  readonly #recentIds = new RecentIds()
  #tip: Point

  constructor ({ after, base }: SegmentRow, files: SegmentFiles, meshId: string, damage: (what: string) => DamagedSegment) {
    this.#tip = base ?? { seq: after.seq, id: new Uint8Array(0), head: after.head ?? new Uint8Array(0), entries: after.entries }
    this.#after = after
    this.#files = files
    this.#meshId = meshId
    this.#damage = damage
  }

  /** The last envelope that is on disk. Before there is one, the point that it goes on from. */
  get tip (): Point { return this.#tip }

  /** What its snapshot reaches up to. */
  get base (): Point | undefined { return this.#files.base }

  /** Entries in the document. */
  get count (): number { return this.#tip.entries - this.#after.entries }

  /** Notes that what is on disk reaches up to a point. */
  reach (point: Point): void {
    this.#tip = point
  }

  /** Notes that envelopes were written. */
  grew (envelopes: readonly LogEnvelope[]): void {
    const last = envelopes.at(-1)
    if (last !== undefined) this.#tip = pointOf(last)
    this.#recentIds.note(envelopes)
  }

  /** Forgets what can be read again. */
  forget (): void {
    this.#recentIds.clear()
  }

  covers (seq: number): boolean {
    return seq > this.#after.seq && seq <= this.#tip.seq
  }

  /** The id of an envelope, if that is still known. */
  idAt (seq: number): Uint8Array | undefined {
    if (seq === this.#tip.seq && this.covers(seq)) return this.#tip.id
    if (seq === this.base?.seq) return this.base.id
    const recent = this.#recentIds.of(seq)
    if (recent !== undefined) return recent
    try {
      return this.envelopeAt(seq)?.id
    } catch (error) {
      if (error instanceof DamagedSegment) return undefined                // whoever needs the envelope itself reports it
      throw error
    }
  }

  /** An envelope as it was signed, if it is still kept. Reads the disk. */
  bytesAt (seq: number): Uint8Array | undefined {
    try {
      return this.#files.read(seq)
    } catch (error) {
      throw this.#asDamage(error)
    }
  }

  envelopeAt (seq: number): LogEnvelope | undefined {
    const bytes = this.bytesAt(seq)
    return bytes === undefined ? undefined : this.#peek(bytes)
  }

  /** As `envelopeAt`, also of an envelope that is kept as the proof of the base only. */
  async proofAt (seq: number): Promise<LogEnvelope | undefined> {
    const kept = this.envelopeAt(seq)
    if (kept !== undefined || seq !== this.base?.seq) return kept
    return parseSnapshot(await this.snapshot(), this.#meshId).proof
  }

  /** The snapshot up to the base, which there is. */
  async snapshot (): Promise<Uint8Array> {
    const item = await this.#files.readSnapshot()
    if (item === undefined) throw this.#damage('its snapshot is not what was written')
    return item
  }

  /** The changes up to the base, as far as they need no envelopes. */
  stepsOfBase (): Promise<readonly ProofStep[]> {
    return this.#reading(async () => {
      const document = await this.#document()
      return document === undefined ? [] : SegmentRules.ofDocument(document).proof.steps()
    })
  }

  /** Hashes of the changes after the base, in order. */
  hashesAfterBase (): Uint8Array[] {
    return [...this.#envelopesAfterBase()].map((bytes) => this.#peek(bytes).header.heads[0] ?? new Uint8Array(0))
  }

  /** All its changes, in order. */
  async changes (): Promise<readonly Uint8Array[]> {
    const document = await this.#reading(() => this.#document())
    const first = document === undefined ? [] : SegmentRules.ofDocument(document).proof.changes()
    return [...first, ...[...this.#envelopesAfterBase()].map(payloadOf)]
  }

  /** The texts of its entries and the rules for the next. */
  load (): Promise<LoadedSegment> {
    return this.#reading(() => this.#load())
  }

  async #load (): Promise<LoadedSegment> {
    const document = await this.#document()
    const { rules, texts } = document === undefined ? { rules: new SegmentRules(), texts: [] } : SegmentRules.ofDocument(document)
    const all = [...texts]
    for (const bytes of this.#envelopesAfterBase()) {
      const change = rules.check(payloadOf(bytes))
      rules.advance(change)
      all.push(...change.texts)
    }
    if (all.length !== this.count) throw this.#damage(`it holds ${all.length} entries instead of ${this.count}`)
    return { rules, texts: all }
  }

  /** The document up to the base. */
  async #document (): Promise<Uint8Array | undefined> {
    if (this.base === undefined) return undefined
    return await inflateDocument(parseSnapshot(await this.snapshot(), this.#meshId))
  }

  * #envelopesAfterBase (): Generator<Uint8Array> {
    for (let seq = (this.base?.seq ?? this.#after.seq) + 1; seq <= this.#tip.seq; seq++) {
      const bytes = this.bytesAt(seq)
      if (bytes === undefined) throw this.#damage(`envelope ${seq} is missing`)
      yield bytes
    }
  }

  async #reading<Result> (task: () => Promise<Result>): Promise<Result> {
    try {
      return await task()
    } catch (error) {
      throw this.#asDamage(error)
    }
  }

  #asDamage (error: unknown): unknown {
    return isDamage(error) && !(error instanceof DamagedSegment) ? this.#damage(describeError(error)) : error
  }

  #peek (bytes: Uint8Array): LogEnvelope {
    return peekEnvelope(bytes, this.#meshId) as LogEnvelope
  }
}
