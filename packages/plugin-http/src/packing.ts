import { promisify } from 'node:util'
import { constants, createDeflate, deflate, inflate, type Deflate, type ZlibOptions } from 'node:zlib'

/** The one content coding that is spoken: zlib (RFC 1950), by its name in HTTP. It has one stream, so one end. */
export const packed = 'deflate'

// Envelopes are half signatures and hashes: more effort hardly makes them smaller.
const options: ZlibOptions = { level: constants.Z_BEST_SPEED, chunkSize: 64 << 10 }
const deflateAsync = promisify<Uint8Array, ZlibOptions, Buffer>(deflate)
const inflateAsync = promisify<Uint8Array, ZlibOptions, Buffer>(inflate)

/** A stream that packs what is written to it. */
export function createPacker (): Deflate {
  return createDeflate(options)
}

/** The bytes, packed off the main thread. */
export async function pack (bytes: Uint8Array): Promise<Buffer> {
  return await deflateAsync(bytes, options)
}

/**
 * The bytes that were packed. No more than `maxBytes` are ever unfolded: with more, it rejects with the system code
 * `ERR_BUFFER_TOO_LARGE`; with other system codes for what was not packed, or cut short.
 */
export async function unpack (bytes: Uint8Array, maxBytes: number): Promise<Buffer> {
  return await inflateAsync(bytes, { chunkSize: options.chunkSize, maxOutputLength: maxBytes })
}

/** True when a message whose header `accept-encoding` is this may be answered packed. */
export function takesPacked (acceptEncoding: string | string[] | undefined): boolean {
  return String(acceptEncoding ?? '').split(',').some((coding) => coding.trim().toLowerCase() === packed)
}
