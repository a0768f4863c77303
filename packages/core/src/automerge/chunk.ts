import { hash } from 'node:crypto'
import { ByteSink } from './byte-sink.ts'
import { Cursor } from './cursor.ts'

/** Kinds of chunks that this project reads. The others, deflated changes and bundles, are refused. */
export const documentChunk = 0
export const changeChunk = 1

const magic = [0x85, 0x6f, 0x4a, 0x83]
const checksumEnd = magic.length + 4

/** What is in a chunk, and the hash of it: 32 bytes. */
export interface Chunk {
  readonly hash: Uint8Array
  readonly content: Cursor
}

/**
 * Opens bytes that are exactly one chunk of this kind with the right checksum
 * (https://automerge.org/automerge-binary-format-spec/, "Chunk").
 *
 * @throws RangeError
 */
export function openChunk (bytes: Uint8Array, kind: typeof documentChunk | typeof changeChunk): Chunk {
  if (magic.some((byte, index) => bytes[index] !== byte)) throw new RangeError('it is not an Automerge chunk')
  if (bytes[checksumEnd] !== kind) throw new RangeError(kind === changeChunk ? 'it is not an uncompressed Automerge change' : 'it is not an Automerge document')
  const content = new Cursor(bytes, checksumEnd + 1)
  const length = content.unsigned()
  if (length !== bytes.length - content.at) throw new RangeError('it is cut short or followed by something')
  const digest = hash('sha256', bytes.subarray(checksumEnd), 'buffer')
  if (digest.compare(bytes, magic.length, checksumEnd, 0, 4) !== 0) throw new RangeError('its checksum does not fit')
  return { hash: new Uint8Array(digest), content }
}

/** A chunk around its content: magic bytes, checksum, kind, length. */
export function frameChunk (kind: typeof documentChunk | typeof changeChunk, content: Uint8Array): Uint8Array {
  const start = new ByteSink(8)
  start.byte(kind)
  start.unsigned(content.length)
  return chunkOf(Buffer.concat([start.bytes.subarray(0, start.length), content]))
}

/** As `frameChunk`, around kind, length and content. */
export function chunkOf (framed: Uint8Array): Uint8Array {
  const checksum = hash('sha256', framed, 'buffer').subarray(0, checksumEnd - magic.length)
  return Buffer.concat([Uint8Array.from(magic), checksum, framed])
}
