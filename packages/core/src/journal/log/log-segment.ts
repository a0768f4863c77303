import type { ProofStep } from '../../automerge/document-proof.ts'
import { SegmentRules, type LogChange } from '../../automerge/segment-rules.ts'
import { sameBytes } from '../../bytes.ts'
import { payloadOf, peekEnvelope, type LogEnvelope } from '../../envelope.ts'
import { describeError, MeshError } from '../../errors.ts'
import { inflateDocument, parseSnapshot } from '../../snapshot.ts'
import type { Damage } from '../../storage/record-file.ts'
import { isDamage } from './records.ts'
import type { SegmentCache } from './segment-cache.ts'
import { pointOf, SegmentFiles, type FilesContext } from './segment-files.ts'
import type { Point, SegmentRow } from './segment-index.ts'

const maxRecentIds = 256

/** What all segments of a feed share. */
export interface SegmentContext extends FilesContext {
  readonly journal: string
  readonly cache: SegmentCache
}

/** The content of a segment in memory. */
export interface LoadedSegment {
  readonly texts: string[]
  readonly rules: SegmentRules
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

/** A segment on disk (`SegmentFiles`) and, on demand, its content in memory. What writes is called in the feed's queue, one call at a time. */
export class LogSegment {
  readonly name: string
  readonly number: number
  readonly after: SegmentRow['after']
  /** The segment that it goes on from, if that is here. Kept by the feed. */
  parent: LogSegment | undefined
  readonly children: LogSegment[] = []
  readonly #context: SegmentContext
  readonly #files: SegmentFiles
  #shared: SegmentRow['shared']
  #tip: Point
  #loading: Promise<LoadedSegment> | undefined
  #loaded: LoadedSegment | undefined
  #baseSteps: { readonly base: Point | undefined, readonly steps: Promise<readonly ProofStep[]> } | undefined
  #users = 0
  /** Ids of the last envelopes: those that peers on a live link have. */
  readonly #recentIds = new Map<number, Uint8Array>()

  private constructor (row: SegmentRow, context: SegmentContext) {
    this.name = row.name
    this.number = row.number
    this.after = row.after
    this.#shared = row.shared
    this.#context = context
    this.#files = new SegmentFiles(row, context)
    this.#tip = row.base ?? { seq: row.after.seq, id: new Uint8Array(0), head: row.after.head ?? new Uint8Array(0), entries: row.after.entries }
  }

  /** Opens a segment that the index lists; `undefined` when nothing of it is left. `names` are the files of the folder. */
  static async open (row: SegmentRow, context: SegmentContext, names: ReadonlySet<string>): Promise<LogSegment | undefined> {
    const segment = new LogSegment(row, context)
    const last = await segment.#files.open(names, ({ header: { seq } }) => seq < segment.#tip.seq)
    if (last !== undefined) segment.#tip = pointOf(last)
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
    segment.#tip = { ...segment.#tip, id: previous ?? segment.#tip.id }
    segment.#loaded = { texts: [], rules }
    return segment
  }

  /** The last envelope that is on disk. Before there is one, the point that it goes on from. */
  get tip (): Point { return this.#tip }
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
  get count (): number { return this.#tip.entries - this.after.entries }
  get loadedEntries (): number { return this.#loaded?.texts.length ?? 0 }
  get isBusy (): boolean { return this.#users > 0 }
  /** Number of the first envelope that is still kept as it was signed. */
  get firstKept (): number { return this.#files.firstKept ?? this.#tip.seq + 1 }

  covers (seq: number): boolean {
    return seq > this.after.seq && seq <= this.#tip.seq
  }

  /** The id of an envelope, if that is still known. */
  idAt (seq: number): Uint8Array | undefined {
    if (seq === this.#tip.seq && this.covers(seq)) return this.#tip.id
    if (seq === this.base?.seq) return this.base.id
    const recent = this.#recentIds.get(seq)
    if (recent !== undefined) return recent
    try {
      return this.envelopeAt(seq)?.id
    } catch (error) {
      if (error instanceof DamagedSegment) return undefined                // whoever needs the envelope itself reports it
      throw error
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
    return parseSnapshot(await this.readSnapshot(), this.#context.meshId).proof
  }

  /** An envelope as it was signed, if it is still kept. Reads the disk. */
  bytesAt (seq: number): Uint8Array | undefined {
    try {
      return this.#files.read(seq)
    } catch (error) {
      throw isDamage(error) ? this.#damage(describeError(error)) : error
    }
  }

  /** Whether an envelope is on the path of this segment: by its id where that is known, otherwise by the change that it holds. */
  async passes (seq: number, id: Uint8Array, head: Uint8Array | undefined): Promise<boolean> {
    if (!this.covers(seq)) return false
    const known = this.idAt(seq)
    if (known !== undefined) return sameBytes(known, id)
    return head !== undefined && sameBytes((await this.#stepsOfBase())[seq - this.after.seq - 1]?.hash, head)
  }

  /** Hashes of all its changes, in order. */
  async hashes (): Promise<readonly Uint8Array[]> {
    const steps = await this.#stepsOfBase()
    return [...steps.map(({ hash }) => hash), ...[...this.#envelopesAfterBase()].map((bytes) => this.#peek(bytes).header.heads[0] ?? new Uint8Array(0))]
  }

  /** Its changes up to an envelope, in order. */
  async changesUpTo (seq: number): Promise<readonly Uint8Array[]> {
    const stored = await this.#reading(() => this.#readBase())
    const first = stored === undefined ? [] : SegmentRules.ofDocument(stored).proof.changes()
    return [...first, ...[...this.#envelopesAfterBase()].map(payloadOf)].slice(0, seq - this.after.seq)
  }

  /** The texts of its entries and the rules for the next; loaded if need be. Throws `MESH_DISK_FAILED` when its files are damaged. */
  load (): Promise<LoadedSegment> {
    this.#context.cache.touch(this)
    if (this.#loaded !== undefined) return Promise.resolve(this.#loaded)
    this.#loading ??= this.#readAgainIfChanged().finally(() => { this.#loading = undefined })
    return this.#loading
  }

  /** Keeps the content in memory while a task runs. */
  async use<Result> (task: () => Promise<Result>): Promise<Result> {
    this.#users++
    try {
      return await task()
    } finally {
      this.#users--
    }
  }

  /** Drops what is in memory: to save room, or because it ran ahead of the disk. */
  unload (): void {
    this.#loaded = undefined
    this.#baseSteps = undefined
  }

  /** Stores envelopes whose changes the rules have taken. Resolves when they are on disk; a failure leaves the segment as it was. */
  async store (fresh: readonly CheckedEnvelope[]): Promise<void> {
    const last = fresh.at(-1)
    if (last === undefined) return
    try {
      await this.use(async () => {
        const loaded = await this.load()
        await this.#files.append(fresh.map(({ envelope }) => envelope))
        this.#tip = pointOf(last.envelope)
        this.#noteIds(fresh)
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
      if (base.seq <= this.#tip.seq) return
      this.#files.emptyLog()
      this.#tip = base
      this.unload()
      this.#loaded = loaded
      this.#context.cache.touch(this)
    })
  }

  /** The document as it is on disk now, with the envelope that proves it. In the feed's queue only. */
  async capture (): Promise<Capture> {
    const { rules, texts } = await this.load()
    const proof = this.envelopeAt(this.#tip.seq)
    if (proof === undefined || !sameBytes(rules.head, this.#tip.head)) throw new MeshError('MESH_DISK_FAILED', `The last envelope of segment ${this.number} is not kept in ${this.#context.folder}.`)
    return { proof, document: rules.document(texts), point: this.#tip }
  }

  /** The snapshot up to the base, which there is. Rejects with `MESH_DISK_FAILED` when it is damaged. */
  async readSnapshot (): Promise<Uint8Array> {
    const item = await this.#files.readSnapshot()
    if (item === undefined) throw this.#damage('its snapshot is not what was written')
    return item
  }

  /** Removes the envelopes that the base stands for, once nobody is near enough to need them one by one. */
  async dropLog (): Promise<void> {
    if (this.base?.seq === this.#tip.seq) await this.#files.dropLog()
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

  #noteIds (fresh: readonly CheckedEnvelope[]): void {
    for (const { envelope: { id, header } } of fresh) this.#recentIds.set(header.seq, id)
    for (const seq of this.#recentIds.keys()) {
      if (this.#recentIds.size <= maxRecentIds) break
      this.#recentIds.delete(seq)
    }
  }

  #forget (): void {
    this.#context.cache.forget(this)
    this.#recentIds.clear()
    this.unload()
  }

  #stepsOfBase (): Promise<readonly ProofStep[]> {
    const { base } = this
    if (this.#baseSteps === undefined || this.#baseSteps.base !== base) {
      const steps = this.#reading(async () => {
        const stored = await this.#readBase()
        return stored === undefined ? [] : SegmentRules.ofDocument(stored).proof.steps()
      })
      steps.catch(() => { this.#baseSteps = undefined })
      this.#baseSteps = { base, steps }
    }
    return this.#baseSteps.steps
  }

  async #readAgainIfChanged (): Promise<LoadedSegment> {
    const [tip, base] = [this.#tip, this.base]
    const loaded = await this.#reading(() => this.#readFiles()).catch((error: unknown) => {
      if (tip === this.#tip && base === this.base) throw error
    })
    if (loaded === undefined || tip !== this.#tip) return this.#loaded ?? await this.#readAgainIfChanged()
    this.#loaded = loaded
    this.#context.cache.touch(this)
    return loaded
  }

  async #reading<Result> (task: () => Promise<Result>): Promise<Result> {
    try {
      return await task()
    } catch (error) {
      throw isDamage(error) && !(error instanceof DamagedSegment) ? this.#damage(describeError(error)) : error
    }
  }

  async #readFiles (): Promise<LoadedSegment> {
    const document = await this.#readBase()
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

  async #readBase (): Promise<Uint8Array | undefined> {
    if (this.base === undefined) return undefined
    return await inflateDocument(parseSnapshot(await this.readSnapshot(), this.#context.meshId))
  }

  * #envelopesAfterBase (): Generator<Uint8Array> {
    for (let seq = (this.base?.seq ?? this.after.seq) + 1; seq <= this.#tip.seq; seq++) {
      const bytes = this.bytesAt(seq)
      if (bytes === undefined) throw this.#damage(`envelope ${seq} is missing`)
      yield bytes
    }
  }

  #peek (bytes: Uint8Array): LogEnvelope {
    return peekEnvelope(bytes, this.#context.meshId) as LogEnvelope
  }

  #damage (what: string): DamagedSegment {
    return new DamagedSegment(this, `Segment ${this.number} in ${this.#context.folder} is damaged: ${what}. It was set aside; peers will send it again.`)
  }
}

/** The files of a segment are not what was written. */
export class DamagedSegment extends MeshError {
  readonly segment: LogSegment

  constructor (segment: LogSegment, message: string) {
    super('MESH_DISK_FAILED', message)
    this.segment = segment
  }
}
