import type { IncomingMessage } from 'node:http'
import { packed, unpack } from './packing.ts'
import { badRequest, RequestError } from './request-error.ts'

/**
 * Reads a request's body whole, and unpacks it. The bytes are the caller's. How long it may take is the port's concern.
 *
 * @throws RequestError 413 as soon as the body is known to have more than `maxBytes`, packed or unpacked; the rest is
 * not read. 415 for another content coding, and 400 for what is not in the one it claims.
 */
export async function readBody (request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const coding = request.headers['content-encoding'] ?? 'identity'
  if (coding !== 'identity' && coding !== packed) throw new RequestError(415, 'MESH_REQUEST_INVALID', `The body is "${coding.slice(0, 80)}"; send it as it is, or ${packed}.`, { 'accept-encoding': packed })
  const body = await readRaw(request, maxBytes)
  if (coding === 'identity') return body
  return await unpack(body, maxBytes).catch((cause: unknown) => {
    throw isTooLarge(cause) ? tooLarge(maxBytes) : badRequest(`The body is not ${packed} data (zlib, RFC 1950), or is cut short.`, cause)
  })
}

/** The media type of a message, lower case and without parameters; empty when none is given. */
export function mediaType (contentType: string | string[] | undefined): string {
  return String(contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** Throws RequestError 415 unless the request's media type is one of these; returns it. */
export function expectType<Type extends string> (request: IncomingMessage, ...types: readonly Type[]): Type {
  const given = mediaType(request.headers['content-type'])
  const known = types.find((type) => type === given)
  if (known !== undefined) return known
  throw new RequestError(415, 'MESH_REQUEST_INVALID', `The body is ${given === '' ? 'of no stated type' : `"${given.slice(0, 80)}"`}; send it as ${types.join(' or ')}.`)
}

async function readRaw (request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const chunks: Buffer[] = []
  let size = 0
  // Not destroyed at the end: the answer still goes out on its socket.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function isTooLarge (error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
}

function tooLarge (maxBytes: number): RequestError {
  return new RequestError(413, 'MESH_REQUEST_INVALID', `The body has more than ${maxBytes} bytes. Send it in parts.`)
}
