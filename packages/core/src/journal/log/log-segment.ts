import type { LogChange, SegmentRules } from '../../automerge/segment-rules.ts'
import { sameBytes } from '../../bytes.ts'
import type { LogEnvelope } from '../../envelope.ts'
import { MeshError } from '../../errors.ts'
import type { Damage } from '../../storage/record-file.ts'
import { DamagedSegment } from './damaged-segment.ts'
import type { SegmentCache } from './segment-cache.ts'
import { SegmentContent } from './segment-content.ts'
import { pointOf, SegmentFiles, type FilesContext } from './segment-files.ts'
import type { Point, SegmentRow } from './segment-index.ts'
import { StoredSegment, type LoadedSegment } from './stored-segment.ts'

/** What all segments of a feed share. */
export interface SegmentContext extends FilesContext {
  readonly journal: string
  readonly cache: SegmentCache
}

/** An envelope of a log whose change was checked. */
export interface CheckedEnvelope {
  readonly envelope: LogEnvelope
  readonly change: LogChange
}

/** A segment up to some envelope: its Automerge document, and the envelope that proves it. */
export interface Capture {
  readonly proof: LogEnvelope
  readonly document: Uint8Array
  readonly point: Point
}

/** A segment of a feed: its files, what they say (`StoredSegment`) and, on demand, its content in memory. What writes is called in the feed's queue, one call at a time. */
export class LogSegment {
  readonly name: string
  readonly number: number
  readonly after: SegmentRow['after']
  /** The segment that it goes on from, if that is here. Kept by the feed. */
  parent: LogSegment | undefined
  readonly children: LogSegment[] = []
  readonly #context: SegmentContext
  readonly #files: SegmentFiles
  readonly #stored: StoredSegment
  readonly #content: SegmentContent
  #shared: SegmentRow['shared']

  private constructor (row: SegmentRow, context: SegmentContext) {
    this.name = row.name
    this.number = row.number
    this.after = row.after
    this.#shared = row.shared
    this.#context = context
    this.#files = new SegmentFiles(row, context)
    this.#stored = new StoredSegment(row, this.#files, context.meshId, (what) => this.#damage(what))
    this.#content = new SegmentContent(this.#stored, context.cache)
  }

  /** Opens a segment that the index lists; `undefined` when nothing of it is left. `names` are the files of the folder. */
  static async open (row: SegmentRow, context: SegmentContext, names: ReadonlySet<string>): Promise<LogSegment | undefined> {
    const segment = new LogSegment(row, context)
    const last = await segment.#files.open(names, ({ header: { seq } }) => seq < segment.tip.seq)
    if (last !== undefined) segment.#stored.reach(pointOf(last))
    if (segment.base !== undefined || segment.#files.firstKept === row.after.seq + 1) return segment
    await segment.close()
    return undefined
  }

  /** A new segment without a file; `adopt` makes it real. */
  static make (row: SegmentRow, context: SegmentContext): LogSegment {
    return new LogSegment(row, context)
  }

  /** A new, empty segment after an envelope; `store` makes it real. `rules` know the last entry before it. */
  static begin (row: SegmentRow, context: SegmentContext, rules: SegmentRules, previous: Uint8Array | undefined): LogSegment {
    const segment = new LogSegment(row, context)
    segment.#stored.reach({ ...segment.tip, id: previous ?? segment.tip.id })
    segment.#content.give({ texts: [], rules })
    return segment
  }

  /** The last envelope that is on disk. Before there is one, the point that it goes on from. */
  get tip (): Point { return this.#stored.tip }
  get shared (): SegmentRow['shared'] { return this.#shared }
  /** What its snapshot reaches up to. */
  get base (): Point | undefined { return this.#files.base }
  get row (): SegmentRow {
    return { name: this.name, number: this.number, after: this.after, shared: this.shared, base: this.base }
  }

  /** What was wrong with its log when it was opened. */
  get damage (): Damage | undefined { return this.#files.damage }
  /** Names of the files that it may have. */
  get files (): string[] { return this.#files.names }
  /** Entries in the document. */
  get count (): number { return this.#stored.count }
  /** Number of the first envelope that is still kept as it was signed. */
  get firstKept (): number { return this.#files.firstKept ?? this.tip.seq + 1 }

  covers (seq: number): boolean {
    return this.#stored.covers(seq)
  }

  /** The id of an envelope, if that is still known. */
  idAt (seq: number): Uint8Array | undefined {
    return this.#stored.idAt(seq)
  }

  envelopeAt (seq: number): LogEnvelope | undefined {
    return this.#stored.envelopeAt(seq)
  }

  /** As `envelopeAt`, also of an envelope that is kept as the proof of the base only. */
  proofAt (seq: number): Promise<LogEnvelope | undefined> {
    return this.#stored.proofAt(seq)
  }

  /** An envelope as it was signed, if it is still kept. Reads the disk. */
  bytesAt (seq: number): Uint8Array | undefined {
    return this.#stored.bytesAt(seq)
  }

  /** Whether an envelope is on the path of this segment: by its id where that is known, otherwise by the change that it holds. */
  async passes (seq: number, id: Uint8Array, head: Uint8Array | undefined): Promise<boolean> {
    if (!this.covers(seq)) return false
    const known = this.idAt(seq)
    if (known !== undefined) return sameBytes(known, id)
    return head !== undefined && sameBytes((await this.#content.stepsOfBase())[seq - this.after.seq - 1]?.hash, head)
  }

  /** Hashes of all its changes, in order. */
  async hashes (): Promise<readonly Uint8Array[]> {
    const steps = await this.#content.stepsOfBase()
    return [...steps.map(({ hash }) => hash), ...this.#stored.hashesAfterBase()]
  }

  /** Its changes up to an envelope, in order. */
  async changesUpTo (seq: number): Promise<readonly Uint8Array[]> {
    return (await this.#stored.changes()).slice(0, seq - this.after.seq)
  }

  /** The texts of its entries and the rules for the next; loaded if need be. Throws `MESH_DISK_FAILED` when its files are damaged. */
  load (): Promise<LoadedSegment> {
    return this.#content.load()
  }

  /** Keeps the content in memory while a task runs. */
  use<Result> (task: () => Promise<Result>): Promise<Result> {
    return this.#content.use(task)
  }

  /** Drops what is in memory: to save room, or because it ran ahead of the disk. */
  unload (): void {
    this.#content.unload()
  }

  /** Stores envelopes whose changes the rules have taken. Resolves when they are on disk; a failure leaves the segment as it was. */
  async store (fresh: readonly CheckedEnvelope[]): Promise<void> {
    const last = fresh.at(-1)
    if (last === undefined) return
    try {
      await this.use(async () => {
        const loaded = await this.load()
        await this.#files.append(fresh.map(({ envelope }) => envelope))
        this.#stored.grew(fresh.map(({ envelope }) => envelope))
        for (const { change } of fresh) loaded.texts.push(...change.texts)
        if (!sameBytes(loaded.rules.head, last.change.hash)) this.unload()       // it was dropped and read again meanwhile
      })
    } catch (error) {
      this.unload()
      throw error
    }
  }

  /** Puts a snapshot under the segment: its base from now on. `item` is the whole snapshot, checked. */
  async adopt (item: Uint8Array, base: Point, loaded: LoadedSegment | undefined, keep: (row: SegmentRow) => Promise<void>): Promise<void> {
    await this.#files.putSnapshot(item, base, () => keep({ ...this.row, base }), () => {
      if (base.seq <= this.tip.seq) return
      this.#files.emptyLog()
      this.#stored.reach(base)
      this.unload()
      this.#content.give(loaded)
      this.#context.cache.touch(this.#content)
    })
  }

  /** The document as it is on disk now, with the envelope that proves it. In the feed's queue only. */
  async capture (): Promise<Capture> {
    const { rules, texts } = await this.load()
    const proof = this.envelopeAt(this.tip.seq)
    if (proof === undefined || !sameBytes(rules.head, this.tip.head)) throw new MeshError('MESH_DISK_FAILED', `The last envelope of segment ${this.number} is not kept in ${this.#context.folder}.`)
    return { proof, document: rules.document(texts), point: this.tip }
  }

  /** The snapshot up to the base, which there is. Rejects with `MESH_DISK_FAILED` when it is damaged. */
  readSnapshot (): Promise<Uint8Array> {
    return this.#stored.snapshot()
  }

  /** Removes the envelopes that the base stands for, once nobody is near enough to need them one by one. */
  async dropLog (): Promise<void> {
    if (this.base?.seq === this.tip.seq) await this.#files.dropLog()
  }

  /** Resolves when nothing stands on the disk after the last envelope. */
  cutRest (): Promise<void> {
    return this.#files.cutRest()
  }

  /** Takes back a segment that never became part of the feed. */
  async discard (): Promise<void> {
    this.#forget()
    await this.#files.discard()
  }

  /** Notes that it shares its beginning otherwise than before, because another segment is gone. */
  share (shared: SegmentRow['shared']): void {
    this.#shared = shared
  }

  /** Sets the segment's files aside, because something in them is damaged: what is good is taken in when the feed is opened next. */
  async setAside (): Promise<void> {
    this.#forget()
    await this.#files.setAside()
  }

  async close (): Promise<void> {
    this.#forget()
    await this.#files.close()
  }

  #forget (): void {
    this.#context.cache.forget(this.#content)
    this.#stored.forget()
    this.unload()
  }

  #damage (what: string): DamagedSegment {
    return new DamagedSegment(this, `Segment ${this.number} in ${this.#context.folder} is damaged: ${what}. It was set aside; peers will send it again.`)
  }
}
