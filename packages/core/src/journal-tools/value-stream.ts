import { MeshError } from '../errors.ts'
import { maxItemBytes, splitItems } from '../snapshot.ts'

/** One CBOR value of a stream, and where it begins. */
export interface PlacedValue {
  readonly offset: number
  readonly bytes: Uint8Array
}

const maxParts = 64

/**
 * The values of a CBOR sequence (RFC 8742) as they come in, however it is cut into chunks. No more than one value and one
 * chunk is held. What is in a value is not looked into.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID` where something is no value, is larger than an item may be, or is cut short.
 */
export async function * readValues (chunks: AsyncIterable<Uint8Array>, offset = 0): AsyncGenerator<PlacedValue> {
  let pieces: Uint8Array[] = []
  let length = 0
  let needed = 1
  for await (const chunk of chunks) {
    pieces.push(chunk)
    length += chunk.length
    if (length < needed) continue
    const bytes = Buffer.concat(pieces)
    let start = 0
    let end = endOf(bytes, start, offset)
    for (; end !== undefined && end <= bytes.length; end = endOf(bytes, start, offset)) {
      yield { offset: offset + start, bytes: new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start) }
      start = end
    }
    offset += start
    length -= start
    needed = end === undefined ? length + 1 : end - start
    pieces = [bytes.subarray(start)]
  }
  if (length > 0) throw invalid(`It is cut short in the value that begins at byte ${offset}`)
}

/**
 * The items of a stream, as `exportItems` gives them. Throws as `readValues`, also for values that are not shaped as items.
 */
export async function * readItems (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of readValues(chunks)) yield * splitItems(bytes)
}

/** `MESH_ENVELOPE_INVALID` with a sentence. */
export function invalid (sentence: string, cause?: unknown): MeshError {
  return new MeshError('MESH_ENVELOPE_INVALID', `${sentence}.`, { cause })
}

/** Where the value at `start` ends, which may be beyond these bytes; `undefined` while too little of it is here to tell. */
function endOf (bytes: Buffer, start: number, offset: number): number | undefined {
  let at = start
  for (let left = 1, parts = 0; left > 0; left--) {
    const initial = bytes[at]
    if (initial === undefined) return undefined
    const [major, size] = [initial >> 5, { 24: 1, 25: 2, 26: 4 }[initial & 0x1f] ?? 0]
    if (at + 1 + size > bytes.length) return undefined
    const value = size === 0 ? initial & 0x1f : bytes.readUIntBE(at + 1, size)
    if ((size === 0 && value > 23) || major === 7 || ++parts > maxParts) throw invalid(`What stands at byte ${offset + at} is nothing that belongs into a journal`)
    at += 1 + size
    if (major === 2 || major === 3) at += value
    else if (major > 3) left += major === 4 ? value : major === 5 ? 2 * value : 1
    if (at - start > maxItemBytes) throw invalid(`What begins at byte ${offset + start} has more than ${maxItemBytes} bytes`)
  }
  return at
}
