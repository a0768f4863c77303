import type { ServerResponse } from 'node:http'
import { maxRequestBytes } from '@akshi/core'

/**
 * Answers with a CBOR sequence of envelopes as they come, no faster than the caller reads. It ends early, at a whole
 * envelope, before it grows beyond `maxRequestBytes`: the caller then asks for the rest.
 */
export async function writeEnvelopes (response: ServerResponse, envelopes: AsyncIterable<Uint8Array>): Promise<void> {
  let size = 0
  for await (const bytes of envelopes) {
    if (response.destroyed || size + bytes.length > maxRequestBytes) break
    if (!response.headersSent) writeHead(response)
    size += bytes.length
    if (!response.write(bytes)) await drained(response)
  }
  if (!response.headersSent) writeHead(response)
  response.end()
}

function writeHead (response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/cbor-seq', 'cache-control': 'no-store' })
}

/** Resolves when more may be written, or nobody reads any more. */
function drained (response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
    if (response.destroyed) done()
  })
}
