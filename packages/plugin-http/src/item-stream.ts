import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { isSnapshot, maxRequestBytes } from '@akshi/core'
import { createPacker, packed } from './packing.ts'

/**
 * Answers with a CBOR sequence of items as they come, no faster than the caller reads. It ends early, at a whole item,
 * before it grows beyond `maxRequestBytes`, which any one item fits: the caller then asks for the rest.
 *
 * @param mayPack whether the caller takes the answer deflated; snapshots are deflated already, so an answer that begins
 * with one goes as it is
 */
export async function writeItems (response: ServerResponse, items: AsyncIterable<Uint8Array>, mayPack: boolean): Promise<void> {
  let size = 0
  let sink: Writable | undefined
  for await (const bytes of items) {
    if (response.destroyed || size + bytes.length > maxRequestBytes) break
    sink ??= begin(response, mayPack && !isSnapshot(bytes))
    size += bytes.length
    if (!sink.write(bytes)) await drained(sink, response)
  }
  sink ??= begin(response, false)
  sink.end()
}

function begin (response: ServerResponse, packs: boolean): Writable {
  response.writeHead(200, { 'content-type': 'application/cbor-seq', 'cache-control': 'no-store', ...packs && { 'content-encoding': packed } })
  if (!packs) return response
  const packer = createPacker()
  packer.pipe(response)
  response.once('close', () => packer.destroy())
  return packer
}

/** Resolves when more may be written, or nobody reads any more. */
function drained (sink: Writable, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      sink.off('drain', done)
      response.off('close', done)
      resolve()
    }
    sink.on('drain', done)
    response.on('close', done)
    if (response.destroyed) done()
  })
}
