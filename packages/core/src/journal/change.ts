import { createHash } from 'node:crypto'

/** What the start of an Automerge change says, read without Automerge. */
export interface ChangeHeader {
  /** The change's hash, which is the head of a document that ends with it: 32 bytes. */
  readonly hash: Uint8Array
  readonly deps: readonly Uint8Array[]
  readonly actor: Uint8Array
  /** Number of the change within its actor, from 1. */
  readonly seq: number
}

const magic = [0x85, 0x6f, 0x4a, 0x83]
const changeChunk = 1
const maxDeps = 64
const maxNumberBytes = 8

/**
 * Reads the header of one uncompressed change chunk (https://automerge.org/automerge-binary-format-spec/, "Change Chunk").
 * Bounded: touches the hash and a few fields, and unfolds nothing.
 *
 * @throws RangeError when the bytes are not exactly one such chunk with the right checksum.
 */
export function readChange (bytes: Uint8Array): ChangeHeader {
  const cursor = { bytes, at: magic.length + 4 }
  if (magic.some((byte, index) => bytes[index] !== byte)) throw new RangeError('not an Automerge chunk')
  if (take(cursor, 1)[0] !== changeChunk) throw new RangeError('not an uncompressed Automerge change')
  const length = readUnsigned(cursor)
  if (length !== bytes.length - cursor.at) throw new RangeError('the change is cut short or followed by something')
  const hash = createHash('sha256').update(bytes.subarray(magic.length + 4)).digest()
  if (!hash.subarray(0, 4).equals(bytes.subarray(4, 8))) throw new RangeError('the checksum of the change does not fit')
  const count = readUnsigned(cursor)
  if (count > maxDeps) throw new RangeError(`the change has ${count} dependencies`)
  const deps = Array.from({ length: count }, () => take(cursor, 32))
  return { hash: new Uint8Array(hash), deps, actor: take(cursor, readUnsigned(cursor)), seq: readUnsigned(cursor) }
}

interface Cursor { readonly bytes: Uint8Array, at: number }

function take (cursor: Cursor, length: number): Uint8Array {
  const end = cursor.at + length
  if (end > cursor.bytes.length) throw new RangeError('the change is cut short')
  const part = cursor.bytes.subarray(cursor.at, end)
  cursor.at = end
  return part
}

/** Unsigned LEB128 of at most eight bytes and 2^53 - 1. */
function readUnsigned (cursor: Cursor): number {
  let value = 0
  for (let digit = 0; digit < maxNumberBytes; digit++) {
    const byte = take(cursor, 1)[0] ?? 0
    value += (byte & 0x7f) * 128 ** digit
    if (byte < 0x80 && value <= Number.MAX_SAFE_INTEGER) return value
  }
  throw new RangeError('a number in the change is too large')
}
