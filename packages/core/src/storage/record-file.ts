import { MeshError } from '../errors.ts'
import { SerialQueue } from '../serial-queue.ts'
import { closeOnFailure } from './close-on-failure.ts'
import type { Disk, DiskFile, Durability } from './disk.ts'
import { faultOf, frameLength, frameOf, header } from './record-format.ts'
import { checkHeader, damageOf, keepCopy, writeHeader, type Damage } from './record-opening.ts'
import { scanRecords, type BadRecord, type Scan } from './record-scan.ts'

export type { Damage } from './record-opening.ts'

export interface RecordFileOptions {
  /** Longer records are not written, and a length above it is damage. */
  readonly maxRecordBytes: number
  readonly durability: Durability
}

/** A file of records as `verify` sees it. */
export type RecordReader = Pick<RecordFile, 'path' | 'count' | 'bytes' | 'read' | 'close'>

/**
 * Records on disk, in order: a header (`AKSHIREC`, version), then for each its length, its CRC-32C and its bytes. They are
 * written at once and durable after `sync`. What survives a crash is a beginning of what was appended, with all that was
 * synced; never other bytes.
 */
export class RecordFile {
  readonly path: string
  readonly #file: DiskFile
  readonly #options: RecordFileOptions
  readonly #syncs = new SerialQueue()
  /** Where each record's frame begins. */
  readonly #starts: number[]
  #end: number
  /** Bytes may stand after the end, which could not be cut yet. */
  #ragged = false
  /** No sync that succeeded, or is under way, covers what is after this. */
  #unsyncedFrom = header.length
  /** A sync failed, so what it was to cover must be written again: the system may have dropped it and call it clean. */
  #doubtful = false

  private constructor (path: string, file: DiskFile, options: RecordFileOptions, { starts, end }: Scan) {
    this.path = path
    this.#file = file
    this.#options = options
    this.#starts = starts
    this.#end = end
  }

  /**
   * Opens or makes the file; its folder is there. All records that it then has are durable. It is cut at the first bad
   * record, after a copy was made (`<path>.damaged`, `.damaged.2` and so on) unless that record is what a crash left.
   *
   * @throws MeshError `MESH_FORMAT_NEWER`; `MESH_DISK_FAILED`, also for a file of something else, which stays as it is.
   */
  static async open (disk: Disk, path: string, options: RecordFileOptions): Promise<{ file: RecordFile, damage: Damage | undefined }> {
    const opened = await disk.open(path)
    return await closeOnFailure(opened, async () => {
      if (checkHeader(opened, path) === 'unfinished') await writeHeader(opened)
      const scan = scanRecords(opened, header.length, options.maxRecordBytes)
      const damage = damageOf(opened, scan, options.maxRecordBytes)
      if (damage === 'damaged record') await keepCopy(disk, path, opened)
      const file = new RecordFile(path, opened, options, scan)
      file.#ragged = damage !== undefined
      await file.sync()
      return { file, damage }
    })
  }

  /**
   * The records up to the first bad one, and which that is and why; changes nothing. `undefined` when there is no file.
   *
   * @throws MeshError `MESH_FORMAT_NEWER`, `MESH_DISK_FAILED`.
   */
  static async openReadOnly (disk: Disk, path: string, { maxRecordBytes }: Pick<RecordFileOptions, 'maxRecordBytes'>): Promise<{ file: RecordReader, bad: BadRecord | undefined } | undefined> {
    const opened = await disk.openExisting(path)
    if (opened === undefined) return undefined
    return await closeOnFailure(opened, () => {
      checkHeader(opened, path)
      const scan = scanRecords(opened, header.length, maxRecordBytes)
      return { file: new RecordFile(path, opened, { maxRecordBytes, durability: 'os' }, scan), bad: scan.bad }
    })
  }

  /** Number of records. */
  get count (): number { return this.#starts.length }

  /** Length of the file. */
  get bytes (): number { return this.#end }

  /**
   * The record with this index, from 0, as it is on the disk now. Throws `MESH_DISK_FAILED` when that is not what was
   * written, and `RangeError` for an index that there is not.
   */
  read (index: number): Uint8Array {
    const start = this.#startOf(index)
    const bytes = this.#file.read(start, this.#startOf(index + 1) - start)
    const fault = bytes.length < frameLength ? 'it is not there any more' : faultOf(bytes)
    if (fault !== undefined) throw this.#damaged(index, fault)
    return bytes.subarray(frameLength)
  }

  /**
   * Writes records, which are durable only after `sync`. Either all are there or none; after a crash, maybe the first
   * few. The file stays usable after a failure.
   *
   * @throws MeshError `MESH_DISK_FAILED`; `RangeError` for a record that is empty or too long.
   */
  append (records: readonly Uint8Array[]): void {
    for (const { length } of records) {
      if (length === 0 || length > this.#options.maxRecordBytes) throw new RangeError(`A record has 1 to ${this.#options.maxRecordBytes} bytes, not ${length}`)
    }
    this.#cutRest()
    this.#writeAtEnd(records.flatMap((record) => [frameOf(record), record]))
    for (const { length } of records) {
      this.#starts.push(this.#end)
      this.#end += frameLength + length
    }
  }

  /**
   * Resolves when all that was appended or taken back before is durable; with durability `os`, at once. After a failure
   * the records are still there and the next `sync` writes them anew.
   *
   * @throws MeshError `MESH_DISK_FAILED`.
   */
  sync (): Promise<void> {
    return this.#syncs.run(async () => {
      this.#cutRest()
      if (this.#options.durability === 'os') return
      if (this.#doubtful) this.#rewrite()
      const from = this.#unsyncedFrom
      this.#unsyncedFrom = this.#end
      try {
        await this.#file.sync()
      } catch (error) {
        this.#unsyncedFrom = Math.min(from, this.#unsyncedFrom)
        this.#doubtful = true
        throw error
      }
    })
  }

  /** Takes back the records from this index on; on a disk that fails, with the next `append` or `sync`. */
  truncate (count: number): void {
    if (count >= this.count) return
    this.#end = this.#startOf(count)
    this.#starts.length = count
    this.#unsyncedFrom = Math.min(this.#unsyncedFrom, this.#end)
    this.#ragged = true
    this.#tryToCutRest()
  }

  /** Resolves when pending syncs are done and the file is closed. What was not synced may be lost in a crash. */
  close (): Promise<void> {
    return this.#syncs.run(() => this.#file.close())
  }

  #startOf (index: number): number {
    const start = index === this.count ? this.#end : this.#starts[index]
    if (start === undefined) throw new RangeError(`${this.path} has ${this.count} records, so none with index ${index}`)
    return start
  }

  #writeAtEnd (parts: readonly Uint8Array[]): void {
    try {
      this.#file.write(parts, this.#end)
    } catch (error) {
      this.#ragged = true
      this.#tryToCutRest()
      throw error
    }
  }

  #cutRest (): void {
    if (!this.#ragged) return
    this.#file.truncate(this.#end)
    this.#ragged = false
  }

  #tryToCutRest (): void {
    try {
      this.#cutRest()
    } catch {
      // Still ragged, so whoever writes or syncs next tries again and gets the error.
    }
  }

  #rewrite (): void {
    const { end, bad } = scanRecords(this.#file, this.#unsyncedFrom, this.#options.maxRecordBytes)
    if (bad !== undefined || end !== this.#end) throw this.#damaged(this.#starts.indexOf(end), 'the disk dropped it after a failed sync')
    this.#file.write([this.#file.read(this.#unsyncedFrom, this.#end - this.#unsyncedFrom)], this.#unsyncedFrom)
    this.#doubtful = false
  }

  #damaged (index: number, reason: string): MeshError {
    return new MeshError('MESH_DISK_FAILED', `Record ${index} of ${this.path} cannot be read: ${reason}. Restart the node: what is damaged is set aside, and peers send it again. Check the disk.`)
  }
}
