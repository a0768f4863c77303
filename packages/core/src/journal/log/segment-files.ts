import { maxEnvelopeBytes, peekEnvelope, type LogEnvelope } from '../../envelope.ts'
import type { Damage, RecordFile } from '../../storage/record-file.ts'
import type { FeedContext } from '../feed.ts'
import { openRecords } from '../../storage/record-mending.ts'
import type { Point, SegmentRow } from './segment-index.ts'
import { readSnapshotFile, writeSnapshotFile } from './snapshot-file.ts'

/** Stands after the name of a file that waits to be taken in again. */
export const aside = '.aside'

/** Where the files of a feed are. */
export interface FilesContext extends FeedContext {
  readonly folder: string
}

/**
 * A segment on disk: a snapshot up to some envelope (the base), and a file of envelopes (the log) that goes on from there and
 * may reach back before it. Reads reject with what `isDamage` tells from a disk that fails.
 */
export class SegmentFiles {
  /** What was wrong with its log when it was opened. */
  damage: Damage | undefined
  readonly #name: string
  readonly #context: FilesContext
  #base: Point | undefined
  #log: RecordFile | undefined
  /** Number of the log's first envelope. */
  #logStart = 0

  constructor ({ name, base }: SegmentRow, context: FilesContext) {
    this.#name = name
    this.#base = base
    this.#context = context
  }

  /** What the snapshot reaches up to. */
  get base (): Point | undefined { return this.#base }

  /** Names of the files that there may be. */
  get names (): string[] {
    return [`${this.#name}.log`, ...this.#base === undefined ? [] : [this.#snapshotName(this.#base)]]
  }

  /** Number of the first envelope that is still kept as it was signed, if any is. */
  get firstKept (): number | undefined {
    return this.#log === undefined || this.#log.count === 0 ? undefined : this.#logStart
  }

  /** Opens what is in the folder; resolves to the log's last envelope. `isUseless` says whether it only holds what the base stands for. */
  async open (names: ReadonlySet<string>, isUseless: (last: LogEnvelope) => boolean): Promise<LogEnvelope | undefined> {
    const last = names.has(`${this.#name}.log`) ? await this.#openLog() : undefined
    if (this.#base !== undefined && !names.has(this.#snapshotName(this.#base))) this.#base = undefined
    if (last === undefined) return undefined
    this.#logStart = last.header.seq - (this.#log?.count ?? 0) + 1
    if (!isUseless(last)) return last
    this.#log?.truncate(0)
    return undefined
  }

  /** An envelope as it was signed, if it is still kept. Reads the disk. */
  read (seq: number): Uint8Array | undefined {
    const first = this.firstKept
    if (this.#log === undefined || first === undefined || seq < first || seq >= first + this.#log.count) return undefined
    return this.#log.read(seq - first)
  }

  /** Resolves when the envelopes are on disk; a failure leaves the log as it was. */
  async append (envelopes: readonly LogEnvelope[]): Promise<void> {
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
  }

  /** Writes a snapshot; when `keep` has noted it where it is looked up, it takes the place of the one before, and `replaced` is called in the same turn. */
  async putSnapshot (item: Uint8Array, base: Point, keep: () => Promise<void>, replaced: () => void): Promise<void> {
    const { disk, folder } = this.#context
    const old = this.#base
    await writeSnapshotFile(disk, `${folder}/${this.#snapshotName(base)}`, item)
    await keep()
    this.#base = base
    replaced()
    if (old !== undefined && old.seq !== base.seq) await disk.remove(`${folder}/${this.#snapshotName(old)}`)
  }

  /** The snapshot up to the base; `undefined` when there is none, or its file is not what was written. */
  async readSnapshot (): Promise<Uint8Array | undefined> {
    const base = this.#base
    const item = base === undefined ? undefined : await readSnapshotFile(this.#context.disk, `${this.#context.folder}/${this.#snapshotName(base)}`)
    return item === undefined && base !== this.#base ? await this.readSnapshot() : item      // another took its place meanwhile
  }

  /** Forgets all envelopes: a snapshot stands for them. */
  emptyLog (): void {
    this.#log?.truncate(0)
  }

  /** Removes the file of the envelopes. */
  async dropLog (): Promise<void> {
    const log = this.#log
    if (log === undefined) return
    this.#log = undefined
    await log.close()
    await this.#context.disk.remove(`${this.#context.folder}/${this.#name}.log`)
  }

  /** Resolves when nothing stands on the disk after the last envelope. */
  async cutRest (): Promise<void> {
    await this.#log?.sync()
  }

  /** Removes what never became part of the feed. The log is emptied first, because after a power cut it may be there again. */
  async discard (): Promise<void> {
    this.#log?.truncate(0)
    await this.#log?.sync()
    await this.close()
    await this.#context.disk.remove(`${this.#context.folder}/${this.#name}.log`)
  }

  /** Closes the files and renames them: what is good in them is taken in when the feed is opened next. */
  async setAside (): Promise<void> {
    const { disk, folder } = this.#context
    await this.close()
    const names = new Set(await disk.list(folder))
    for (const name of this.names) if (names.has(name)) await disk.rename(`${folder}/${name}`, `${folder}/${name}${aside}`)
  }

  async close (): Promise<void> {
    await this.#log?.close()
    this.#log = undefined
  }

  #snapshotName ({ seq }: Point): string {
    return `${this.#name}-${seq}.snap`
  }

  async #openLog (): Promise<LogEnvelope | undefined> {
    const { file, damage } = await this.#records()
    this.#log = file
    this.damage = damage
    return file.count === 0 ? undefined : peekEnvelope(file.read(file.count - 1), this.#context.meshId) as LogEnvelope
  }

  async #newLog (): Promise<RecordFile> {
    const { file } = await this.#records()
    file.truncate(0)                                   // an append that failed may have left something, and removing it may have failed too
    return file
  }

  #records (): ReturnType<typeof openRecords> {
    const { disk, folder, durability } = this.#context
    return openRecords(disk, `${folder}/${this.#name}.log`, { maxRecordBytes: maxEnvelopeBytes, durability })
  }
}

/** An envelope as a point of its path. */
export function pointOf ({ header: { seq, heads, entries }, id }: LogEnvelope): Point {
  return { seq, id, head: heads[0] ?? new Uint8Array(0), entries }
}
