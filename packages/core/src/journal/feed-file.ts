import { constants, ftruncateSync, fstatSync, readSync, writevSync } from 'node:fs'
import { copyFile, mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { describeError, MeshError } from '../errors.ts'
import { maxEnvelopeBytes } from '../envelope.ts'

const magic = Buffer.from('AKSHIFEED')
const formatVersion = 1
const headerLength = magic.length + 1
const frameLength = 8

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
    const bytes = Buffer.allocUnsafe(this.#lengths[index] ?? 0)
    readSync(this.#handle.fd, bytes, 0, bytes.length, this.#offsets[index] ?? 0)
    return bytes
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
      if (written !== total) throw new Error(`only ${written} of ${total} bytes were written: is the disk full?`)
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
    const header = Buffer.alloc(headerLength)
    readSync(this.#handle.fd, header, 0, headerLength, 0)
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
    const frame = Buffer.alloc(frameLength)
    while (this.#end < size) {
      if (this.#end + frameLength > size) return 'torn tail'
      readSync(this.#handle.fd, frame, 0, frameLength, this.#end)
      const length = frame.readUInt32BE(0)
      if (this.#end + frameLength + length > size) return length > maxEnvelopeBytes ? 'damaged record' : 'torn tail'
      const record = Buffer.allocUnsafe(length)
      readSync(this.#handle.fd, record, 0, length, this.#end + frameLength)
      if (length === 0 || crc32(record) !== frame.readUInt32BE(4)) return this.#isLast(length, size) ? 'torn tail' : 'damaged record'
      this.#note(length)
    }
  }

  /** Whether nothing follows a bad record but the zeros that a power cut leaves. */
  #isLast (length: number, size: number): boolean {
    const rest = Buffer.alloc(Math.max(0, size - this.#end - frameLength - length))
    readSync(this.#handle.fd, rest, 0, rest.length, size - rest.length)
    return rest.every((byte) => byte === 0)
  }
}

function frameOf (record: Uint8Array): Buffer {
  const frame = Buffer.alloc(frameLength)
  frame.writeUInt32BE(record.length, 0)
  frame.writeUInt32BE(crc32(record), 4)
  return frame
}

function diskFailed (action: string, cause: unknown): MeshError {
  if (cause instanceof MeshError) return cause
  return new MeshError('MESH_DISK_FAILED', `Cannot ${action}: ${describeError(cause)}. Check free space and who owns the folder; nothing that was acknowledged is lost.`, { cause })
}
