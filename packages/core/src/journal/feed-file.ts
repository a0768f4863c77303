import { constants, ftruncateSync, fstatSync, readSync, writevSync } from 'node:fs'
import { copyFile, mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { describeError, isMeshError, MeshError } from '../errors.ts'
import { maxEnvelopeBytes, maxRequestBytes } from '../envelope.ts'

const magic = Buffer.from('AKSHIFEED')
const formatVersion = 1
const headerLength = magic.length + 1
const frameLength = 8
const maxAppendBytes = maxRequestBytes + (1 << 20)

/** What was wrong with a file when it was opened. */
export type Damage = 'torn tail' | 'damaged record'

/**
 * The envelopes of one feed on disk, in order: a header (magic, version), then records of length (u32, big endian),
 * CRC-32 of the bytes (u32) and bytes. Records are written at once and are durable after `sync`.
 */
export class FeedFile {
  readonly path: string
  readonly #handle: FileHandle
  readonly #offsets: number[] = []
  readonly #lengths: number[] = []
  #end = headerLength
  /** Bytes may stand after the end, which could not be cut yet. */
  #ragged = false

  private constructor (path: string, handle: FileHandle) {
    this.path = path
    this.#handle = handle
  }

  /**
   * Opens or makes the file and reads where its records are. A torn last record (a crash before its `sync`) is cut. From
   * a damaged record on, everything is cut too, after the whole file was copied to `<path>.damaged`.
   *
   * @throws MeshError `MESH_FORMAT_NEWER`, `MESH_DISK_FAILED`.
   */
  static async open (path: string): Promise<{ file: FeedFile, damage: Damage | undefined }> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
      const file = new FeedFile(path, handle)
      try {
        return { file, damage: await file.#scan() }
      } catch (error) {
        await handle.close()
        throw error
      }
    } catch (cause) {
      throw diskFailed(`open ${path}`, cause)
    }
  }

  /** Number of records. */
  get count (): number { return this.#offsets.length }

  /** The record with this index, from 0. Reads the disk. */
  read (index: number): Uint8Array {
    return this.#readAt(this.#offsets[index] ?? 0, this.#lengths[index] ?? 0)
  }

  /**
   * Writes records, which are durable only after `sync`. Either all are there or none.
   *
   * @throws MeshError `MESH_DISK_FAILED`.
   */
  append (records: readonly Uint8Array[]): void {
    const frames = records.flatMap((record) => [frameOf(record), record])
    const total = frames.reduce((sum, { length }) => sum + length, 0)
    try {
      if (this.#ragged) this.#cut()
      this.#ragged = true
      const written = writevSync(this.#handle.fd, frames, this.#end)
      if (written !== total) throw new Error(`only ${written} of ${total} bytes were written, as when the disk is full`)
      this.#ragged = false
    } catch (cause) {
      throw diskFailed(`write ${this.path}`, cause)
    }
    for (const { length } of records) this.#note(length)
  }

  /** Resolves when all that was appended is on the disk (fdatasync). Throws `MESH_DISK_FAILED`. */
  async sync (): Promise<void> {
    try {
      await this.#handle.datasync()
    } catch (cause) {
      throw diskFailed(`sync ${this.path}`, cause)
    }
  }

  /** Takes back the records from this index on; on the disk with the next `append`, if not at once. */
  truncate (count: number): void {
    if (count >= this.count) return
    this.#end = (this.#offsets[count] ?? 0) - frameLength
    this.#offsets.length = count
    this.#lengths.length = count
    this.#ragged = true
  }

  async close (): Promise<void> {
    await this.#handle.close()
  }

  #note (length: number): void {
    this.#offsets.push(this.#end + frameLength)
    this.#lengths.push(length)
    this.#end += frameLength + length
  }

  #cut (): void {
    ftruncateSync(this.#handle.fd, this.#end)
    this.#ragged = false
  }

  async #scan (): Promise<Damage | undefined> {
    const { size } = fstatSync(this.#handle.fd)
    if (size < headerLength) return await this.#create()
    const header = this.#readAt(0, headerLength)
    if (!header.subarray(0, magic.length).equals(magic)) throw new MeshError('MESH_DISK_FAILED', `${this.path} is not a feed file. Move it away; peers will send the feed again.`)
    const version = header[magic.length] ?? 0
    if (version > formatVersion) throw new MeshError('MESH_FORMAT_NEWER', `${this.path} was written by a newer Akshi (format ${version}; this one knows ${formatVersion}). Update Akshi.`)
    const damage = this.#scanRecords(size)
    if (damage === 'damaged record') await copyFile(this.path, `${this.path}.damaged`)
    if (damage !== undefined) this.#cut()
    return damage
  }

  async #create (): Promise<undefined> {
    ftruncateSync(this.#handle.fd, 0)
    writevSync(this.#handle.fd, [magic, Uint8Array.of(formatVersion)], 0)
    await this.#handle.sync()
    const folder = await open(dirname(this.path), 'r')
    await folder.sync().finally(() => folder.close())
  }

  #scanRecords (size: number): Damage | undefined {
    while (this.#end < size) {
      const length = this.#recordAt(this.#end, size)
      if (length === undefined) return this.#hasRecordAfter(this.#end + 1, size) ? 'damaged record' : 'torn tail'
      this.#note(length)
    }
  }

  /** Length of the whole and undamaged record at an offset, if there is one. */
  #recordAt (offset: number, size: number): number | undefined {
    const frame = this.#readAt(offset, Math.min(frameLength, size - offset))
    const length = frame.length < frameLength ? 0 : frame.readUInt32BE(0)
    if (length === 0 || length > maxEnvelopeBytes || offset + frameLength + length > size) return undefined
    return crc32(this.#readAt(offset + frameLength, length)) === frame.readUInt32BE(4) ? length : undefined
  }

  /** Tells damage from a crash during the last append: after that, nothing good follows, and no more than one append holds. */
  #hasRecordAfter (offset: number, size: number): boolean {
    if (size - offset > maxAppendBytes) return true
    const rest = this.#readAt(offset, size - offset)
    for (let at = 0; at + frameLength < rest.length; at++) {
      const length = rest.readUInt32BE(at)
      const end = at + frameLength + length
      if (length > 0 && length <= maxEnvelopeBytes && end <= rest.length && crc32(rest.subarray(at + frameLength, end)) === rest.readUInt32BE(at + 4)) return true
    }
    return false
  }

  #readAt (offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    readSync(this.#handle.fd, bytes, 0, length, offset)
    return bytes
  }
}

function frameOf (record: Uint8Array): Buffer {
  const frame = Buffer.alloc(frameLength)
  frame.writeUInt32BE(record.length, 0)
  frame.writeUInt32BE(crc32(record), 4)
  return frame
}

function diskFailed (action: string, cause: unknown): MeshError {
  if (isMeshError(cause)) return cause
  return new MeshError('MESH_DISK_FAILED', `Cannot ${action}: ${describeError(cause)}. Check free space and who owns the folder; nothing that was acknowledged is lost.`, { cause })
}
