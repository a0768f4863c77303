import { crc32c } from './crc32c.ts'

export const magic = Buffer.from('AKSHIREC')
export const formatVersion = 1

/** How a file of records begins: its magic and the version of its form. */
export const header: Uint8Array = Buffer.concat([magic, Uint8Array.of(formatVersion)])

/**
 * Whether a file begins as one of a later format does: magic, version, and the CRC-32C of both. Without that, a version that is
 * not known is damage.
 */
export function isOfLaterFormat (start: Buffer, magicLength: number): boolean {
  const end = magicLength + 1
  return start.length >= end + 4 && (start[magicLength] ?? 0) > formatVersion && start.readUInt32BE(end) === crc32c(start.subarray(0, end))
}

/** What stands before each record: its length and the CRC-32C of its bytes, both 32 bits, big endian. */
export const frameLength = 8

/** The frame of a record. Write it before the record. */
export function frameOf (record: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(frameLength)
  frame.writeUInt32BE(record.length, 0)
  frame.writeUInt32BE(crc32c(record), 4)
  return frame
}

/** Why these bytes, a frame and what follows it, are not a whole record, if they are not. */
export function faultOf (bytes: Buffer): string | undefined {
  const length = bytes.readUInt32BE(0)
  if (bytes.length - frameLength < length) return `it is cut off after ${bytes.length - frameLength} of its ${length} bytes`
  if (crc32c(bytes.subarray(frameLength, frameLength + length)) !== bytes.readUInt32BE(4)) return 'its bytes are not those that were written (CRC-32C)'
}
