import { crc32c } from './crc32c.ts'
import type { DiskFile } from './disk.ts'
import { faultOf, frameLength } from './record-format.ts'

const blockBytes = 1 << 20
/** More than this after a bad record is never taken for what one crash left. */
const maxTailBytes = 16 << 20
/** How much is summed at most in the search for a record, lest bytes made for it take hours. */
const maxSearchBytes = 256 << 20

/** A record that cannot be read: its number and where its frame is, with the reason. */
export interface BadRecord {
  readonly index: number
  readonly offset: number
  readonly reason: string
}

export interface Scan {
  /** Where the frame of each whole record begins, up to the first bad one. */
  readonly starts: number[]
  /** Where the last whole record ends. */
  readonly end: number
  readonly bad: BadRecord | undefined
}

/** Finds the records from an offset on, up to the first that is bad. Checks every checksum. Throws `MESH_DISK_FAILED`. */
export function scanRecords (file: DiskFile, from: number, maxRecordBytes: number): Scan {
  const blocks = new Blocks(file)
  const starts: number[] = []
  let end = from
  while (end < file.size) {
    const record = readRecord(blocks, end, maxRecordBytes)
    if (typeof record === 'string') return { starts, end, bad: { index: starts.length, offset: end, reason: record } }
    starts.push(end)
    end += record.length
  }
  return { starts, end, bad: undefined }
}

/**
 * Tells damage from what a crash in an append leaves: whether a whole record stands anywhere after this offset. When in
 * doubt it says so.
 */
export function hasRecordAfter (file: DiskFile, offset: number, maxRecordBytes: number): boolean {
  if (file.size - offset > maxTailBytes) return true
  const tail = file.read(offset, file.size - offset)
  let summed = 0
  for (let at = 0; at + frameLength < tail.length; at++) {
    const length = tail.readUInt32BE(at)
    if (length === 0 || length > maxRecordBytes || length > tail.length - at - frameLength) continue
    summed += length
    if (summed > maxSearchBytes) return true
    if (crc32c(tail.subarray(at + frameLength, at + frameLength + length)) === tail.readUInt32BE(at + 4)) return true
  }
  return false
}

/** The frame and bytes of the record at an offset, or why it is bad. */
function readRecord (blocks: Blocks, offset: number, maxRecordBytes: number): Buffer | string {
  const frame = blocks.at(offset, frameLength)
  if (frame.length < frameLength) return 'its frame is cut off'
  const length = frame.readUInt32BE(0)
  if (length === 0 || length > maxRecordBytes) return `its length, ${length}, cannot be (1 to ${maxRecordBytes})`
  const bytes = blocks.at(offset, frameLength + length)
  return faultOf(bytes) ?? bytes
}

/** Reads a file forwards, a large block at a time. */
class Blocks {
  readonly #file: DiskFile
  #block: Buffer = Buffer.alloc(0)
  #start = 0

  constructor (file: DiskFile) {
    this.#file = file
  }

  /** Shorter at the end of the file; valid until the next call. */
  at (offset: number, length: number): Buffer {
    if (offset < this.#start || offset + length > this.#start + this.#block.length) {
      this.#block = this.#file.read(offset, Math.max(length, blockBytes))
      this.#start = offset
    }
    return this.#block.subarray(offset - this.#start, offset - this.#start + length)
  }
}
