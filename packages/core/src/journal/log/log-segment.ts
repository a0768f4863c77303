import { deflateRaw } from 'node:zlib'
import { promisify } from 'node:util'
import { SegmentRules, type LogChange } from '../../automerge/segment-rules.ts'
import { sameBytes } from '../../bytes.ts'
import { maxEnvelopeBytes, peekEnvelope, type LogEnvelope } from '../../envelope.ts'
import { describeError, MeshError } from '../../errors.ts'
import { encodeSnapshot, inflateDocument, parseSnapshot } from '../../snapshot.ts'
import type { Damage, RecordFile } from '../../storage/record-file.ts'
import type { FeedContext } from '../feed.ts'
import type { SegmentCache } from './segment-cache.ts'
import { SegmentDocument } from './segment-document.ts'
import type { Point, SegmentRow } from './segment-index.ts'
import { isDamage, openRecords } from './records.ts'
import { readSnapshotFile, writeSnapshotFile } from './snapshot-file.ts'

/** What all segments of a feed share. */
export interface SegmentContext extends FeedContext {
  readonly journal: string
  /** The feed's folder. */
  readonly folder: string
  readonly cache: SegmentCache
}

/** The content of a segment in memory. */
export interface LoadedSegment {
  readonly texts: string[]
  readonly rules: SegmentRules
  document: SegmentDocument | undefined
}

/** An envelope of a log whose change was checked. */
export interface CheckedEnvelope {
  readonly envelope: LogEnvelope
  readonly change: LogChange
}

/** Stands after the name of a file that waits to be taken in again. */
export const aside = '.aside'

const deflate = promisify(deflateRaw)

/**
 * A segment on disk and, on demand, in memory: a snapshot up to some envelope (the base), and a file of envelopes (the
 * log) that goes on from there and may reach back before it. What writes is called in the feed's queue, one call at a time.
 */
export class LogSegment {
  readonly name: string
  readonly number: number
  readonly after: SegmentRow['after']
  /** What was wrong with its log when it was opened. */
  damage: Damage | undefined
  /** The segment that it goes on from, if that is here. Kept by the feed. */
  parent: LogSegment | undefined
  readonly children: LogSegment[] = []
  readonly #context: SegmentContext
  #shared: SegmentRow['shared']
  #base: Point | undefined
  #log: RecordFile | undefined
  /** Number of the log's first envelope. */
  #logStart = 0
  #tip: Point
  #loading: Promise<LoadedSegment> | undefined
  #loaded: LoadedSegment | undefined
  #users = 0

  private constructor (row: SegmentRow, context: SegmentContext) {
    this.name = row.name
    this.number = row.number
    this.after = row.after
    this.#shared = row.shared
    this.#base = row.base
    this.#context = context
    this.#tip = row.base ?? { seq: row.after.seq, id: new Uint8Array(0), head: row.after.head ?? new Uint8Array(0), entries: row.after.entries }
  }

  /** Opens a segment that the index lists; `undefined` when nothing of it is left. `names` are the files of the folder. */
  static async open (row: SegmentRow, context: SegmentContext, names: ReadonlySet<string>): Promise<LogSegment | undefined> {
    const segment = new LogSegment(row, context)
    if (names.has(`${row.name}.log`)) await segment.#openLog()
    if (row.base !== undefined && !names.has(segment.#snapshotName(row.base))) segment.#base = undefined
    if (segment.#base === undefined && segment.#logStart !== row.after.seq + 1) {
      await segment.close()
      return undefined
    }
    return segment
  }

  /** A new segment without a file; `adopt` makes it real. */
  static make (row: SegmentRow, context: SegmentContext): LogSegment {
    return new LogSegment(row, context)
  }

  /** A new, empty segment after an envelope; `store` makes it real. `rules` know the last entry before it. */
  static begin (row: SegmentRow, context: SegmentContext, rules: SegmentRules, previous: Uint8Array | undefined): LogSegment {
    const segment = new LogSegment(row, context)
    segment.#tip = { ...segment.#tip, id: previous ?? segment.#tip.id }
    segment.#loaded = { texts: [], rules, document: new SegmentDocument(context.newActor()) }
    return segment
  }

  /** The last envelope that is on disk. Before there is one, the point that it goes on from. */
  get tip (): Point { return this.#tip }
  get shared (): SegmentRow['shared'] { return this.#shared }
  get base (): Point | undefined { return this.#base }
  get row (): SegmentRow {
    return { name: this.name, number: this.number, after: this.after, shared: this.shared, base: this.#base }
  }

  /** Entries in the document. */
  get count (): number { return this.#tip.entries - this.after.entries }
  get loadedEntries (): number { return this.#loaded?.texts.length ?? 0 }
  get isBusy (): boolean { return this.#users > 0 }
  /** Number of the first envelope that is still kept as it was signed. */
  get firstKept (): number {
    return this.#log === undefined || this.#log.count === 0 ? this.#tip.seq + 1 : this.#logStart
  }

  /** Names of the files that it may have. */
  get files (): string[] {
    return [`${this.name}.log`, ...this.#base === undefined ? [] : [this.#snapshotName(this.#base)]]
  }

  covers (seq: number): boolean {
    return seq > this.after.seq && seq <= this.#tip.seq
  }

  /** The id of an envelope, if that is still known. */
  idAt (seq: number): Uint8Array | undefined {
    if (seq === this.#tip.seq && this.covers(seq)) return this.#tip.id
    if (seq === this.#base?.seq) return this.#base.id
    try {
      return this.envelopeAt(seq)?.id
    } catch (error) {
      if (error instanceof DamagedSegment) return undefined                // whoever needs the envelope itself reports it
      throw error
    }
  }

  envelopeAt (seq: number): LogEnvelope | undefined {
    const bytes = this.bytesAt(seq)
    return bytes === undefined ? undefined : peekEnvelope(bytes, this.#context.meshId) as LogEnvelope
  }

  /** As `envelopeAt`, also of an envelope that is kept as the proof of the base only. */
  async proofAt (seq: number): Promise<LogEnvelope | undefined> {
    const kept = this.envelopeAt(seq)
    if (kept !== undefined || seq !== this.#base?.seq) return kept
    return parseSnapshot(await this.readSnapshot(), this.#context.meshId).proof
  }

  /** An envelope as it was signed, if it is still kept. Reads the disk. */
  bytesAt (seq: number): Uint8Array | undefined {
    if (this.#log === undefined || seq < this.firstKept || seq > this.#tip.seq) return undefined
    try {
      return this.#log.read(seq - this.#logStart)
    } catch (error) {
      throw isDamage(error) ? this.#damage(describeError(error)) : error
    }
  }

  /** Whether an envelope is on the path of this segment: by its id where that is known, otherwise by the change that it holds. */
  async passes (seq: number, id: Uint8Array, head: Uint8Array | undefined): Promise<boolean> {
    if (!this.covers(seq)) return false
    const known = this.idAt(seq)
    if (known !== undefined) return sameBytes(known, id)
    return head !== undefined && (await this.open()).document.has(head)
  }

  /** The texts of its entries and the rules for the next; loaded if need be. Throws `MESH_DISK_FAILED` when its files are damaged. */
  load (): Promise<LoadedSegment> {
    this.#context.cache.touch(this)
    if (this.#loaded !== undefined) return Promise.resolve(this.#loaded)
    this.#loading ??= this.#readAgainIfChanged().finally(() => { this.#loading = undefined })
    return this.#loading
  }

  /** As `load`, with the Automerge document. In the feed's queue only. */
  async open (): Promise<LoadedSegment & { document: SegmentDocument }> {
    const loaded = await this.use(() => this.load())
    if (loaded.document?.isStale === true) this.closeDocument()
    loaded.document ??= await this.#reading(() => this.#openDocument())
    return loaded as LoadedSegment & { document: SegmentDocument }
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
    this.#loaded?.document?.free()
    this.#loaded = undefined
  }

  /**
   * Stores envelopes whose changes the rules have taken: applies those that the document lacks, then writes. Resolves when
   * they are on disk. A failure (`RangeError` or what Automerge throws, `MESH_DISK_FAILED`) leaves the segment as it was.
   */
  async store (fresh: readonly CheckedEnvelope[], isApplied = false): Promise<void> {
    const last = fresh.at(-1)
    if (last === undefined) return
    try {
      await this.use(async () => {
        const loaded = await this.open()
        if (!isApplied) this.#apply(loaded.document, fresh, last)
        await this.#write(fresh.map(({ envelope }) => envelope))
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
    const { disk, folder } = this.#context
    const old = this.#base
    await writeSnapshotFile(disk, `${folder}/${this.#snapshotName(base)}`, item)
    await keep({ ...this.row, base })
    this.#base = base
    if (base.seq > this.#tip.seq) {
      this.#log?.truncate(0)
      this.#tip = base
      this.unload()
      this.#loaded = loaded
      this.#context.cache.touch(this)
    }
    if (old !== undefined && old.seq !== base.seq) await disk.remove(`${folder}/${this.#snapshotName(old)}`)
  }

  /** The document as it is on disk now, with the envelope that proves it. In the feed's queue only. */
  async capture (): Promise<{ proof: LogEnvelope, document: Uint8Array, point: Point }> {
    const { document } = await this.open()
    const proof = this.envelopeAt(this.#tip.seq)
    if (proof === undefined) throw new MeshError('MESH_DISK_FAILED', `The last envelope of segment ${this.number} is not kept in ${this.#context.folder}.`)
    return { proof, document: document.save(), point: this.#tip }
  }

  /** The snapshot up to the base, which there is. Rejects with `MESH_DISK_FAILED` when it is damaged. */
  async readSnapshot (): Promise<Uint8Array> {
    const { disk, folder } = this.#context
    const base = this.#base
    const item = base === undefined ? undefined : await readSnapshotFile(disk, `${folder}/${this.#snapshotName(base)}`)
    if (item === undefined && base !== this.#base) return await this.readSnapshot()      // another took its place meanwhile
    if (item === undefined) throw this.#damage('its snapshot is not what was written')
    return item
  }

  /** Removes the envelopes that the base stands for, once nobody is near enough to need them one by one. */
  async dropLog (): Promise<void> {
    if (this.#log === undefined || this.#base?.seq !== this.#tip.seq) return
    const log = this.#log
    this.#log = undefined
    await log.close()
    await this.#context.disk.remove(`${this.#context.folder}/${this.name}.log`)
  }

  /** Resolves when nothing stands on the disk after the last envelope. */
  async cutRest (): Promise<void> {
    await this.#log?.sync()
  }

  /** Takes back a segment that never became part of the feed. Its file is emptied first, because after a power cut it may be there again. */
  async discard (): Promise<void> {
    this.#log?.truncate(0)
    await this.#log?.sync()
    await this.close()
    await this.#context.disk.remove(`${this.#context.folder}/${this.name}.log`)
  }

  /** Notes that it shares its beginning otherwise than before, because another segment is gone. */
  share (shared: SegmentRow['shared']): void {
    this.#shared = shared
  }

  /** Frees the document of a segment that takes no more. */
  closeDocument (): void {
    this.#loaded?.document?.free()
    if (this.#loaded !== undefined) this.#loaded.document = undefined
  }

  /** Sets the segment's files aside, because something in them is damaged: what is good is taken in when the feed is opened next. */
  async setAside (): Promise<void> {
    const { disk, folder } = this.#context
    await this.close()
    const names = new Set(await disk.list(folder))
    for (const name of this.files) if (names.has(name)) await disk.rename(`${folder}/${name}`, `${folder}/${name}${aside}`)
  }

  async close (): Promise<void> {
    await this.#log?.close()
    this.#log = undefined
    this.#context.cache.forget(this)
    this.unload()
  }

  #snapshotName ({ seq }: Point): string {
    return `${this.name}-${seq}.snap`
  }

  async #openLog (): Promise<void> {
    const { disk, folder, durability, meshId } = this.#context
    const { file, damage } = await openRecords(disk, `${folder}/${this.name}.log`, { maxRecordBytes: maxEnvelopeBytes, durability })
    this.#log = file
    if (damage !== undefined) this.damage = damage
    const last = file.count === 0 ? undefined : peekEnvelope(file.read(file.count - 1), meshId) as LogEnvelope
    if (last === undefined) return
    this.#logStart = last.header.seq - file.count + 1
    if (last.header.seq < this.#tip.seq) file.truncate(0)
    else this.#tip = pointOf(last)
  }

  async #write (envelopes: readonly LogEnvelope[]): Promise<void> {
    this.#log ??= await this.#newLog()
    const { count } = this.#log
    try {
      this.#log.append(envelopes.map(({ bytes }) => bytes))
      await this.#log.sync()
    } catch (error) {
      this.#log.truncate(count)
      throw error
    }
    if (count === 0) this.#logStart = envelopes[0]?.header.seq ?? 0
    this.#tip = pointOf(envelopes.at(-1) as LogEnvelope)
  }

  async #newLog (): Promise<RecordFile> {
    const { disk, folder, durability } = this.#context
    const { file } = await openRecords(disk, `${folder}/${this.name}.log`, { maxRecordBytes: maxEnvelopeBytes, durability })
    file.truncate(0)                                   // an append that failed may have left something, and removing it may have failed too
    return file
  }

  #apply (document: SegmentDocument, fresh: readonly CheckedEnvelope[], last: CheckedEnvelope): void {
    const { mark } = this.#context
    mark.begin(last.envelope.id)
    try {
      document.apply(fresh.map(({ envelope }) => envelope.payload), last.change.hash, fresh.reduce((sum, { change }) => sum + change.texts.length, 0))
    } finally {
      mark.end()
    }
  }

  async #readAgainIfChanged (): Promise<LoadedSegment> {
    const [tip, base] = [this.#tip, this.#base]
    const loaded = await this.#reading(() => this.#readFiles()).catch((error: unknown) => {
      if (tip === this.#tip && base === this.#base) throw error
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
    const document = await this.#readDocument()
    const { rules, texts } = document === undefined ? { rules: new SegmentRules(), texts: [] } : SegmentRules.ofDocument(document)
    const all = [...texts]
    for (const payload of this.#payloadsAfterBase()) {
      const change = rules.check(payload)
      rules.advance(change)
      all.push(...change.texts)
    }
    if (all.length !== this.count) throw this.#damage(`it holds ${all.length} entries instead of ${this.count}`)
    return { rules, texts: all, document: undefined }
  }

  async #openDocument (): Promise<SegmentDocument> {
    const stored = await this.#readDocument()
    const document = new SegmentDocument(this.#context.newActor())
    if (stored !== undefined) document.load(stored, this.count)
    const payloads = [...this.#payloadsAfterBase()]
    if (payloads.length > 0) document.apply(payloads, this.#tip.head, this.count)
    return document
  }

  async #readDocument (): Promise<Uint8Array | undefined> {
    if (this.#base === undefined) return undefined
    return await inflateDocument(parseSnapshot(await this.readSnapshot(), this.#context.meshId))
  }

  * #payloadsAfterBase (): Generator<Uint8Array> {
    for (let seq = (this.#base?.seq ?? this.after.seq) + 1; seq <= this.#tip.seq; seq++) {
      const envelope = this.envelopeAt(seq)
      if (envelope === undefined) throw this.#damage(`envelope ${seq} is missing`)
      yield envelope.payload
    }
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

/** The bytes of a snapshot; deflates off the main thread. */
export async function packSnapshot (proof: LogEnvelope, document: Uint8Array): Promise<Uint8Array> {
  return encodeSnapshot({ proof, inflatedBytes: document.length, deflated: await deflate(document) })
}

export function pointOf ({ header: { seq, heads, entries }, id }: LogEnvelope): Point {
  return { seq, id, head: heads[0] ?? new Uint8Array(0), entries }
}
