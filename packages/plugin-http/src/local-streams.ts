import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Clock, NodeControl, ReadOptions } from '@akshi/core'

/** How often a reader is shown that the node is there although nothing comes. */
const signOfLifeMs = 10_000

/**
 * Answers with the items of a journal as a CBOR sequence, no faster than the caller reads. Resolves when all were written.
 * Rejects with what `items` throws; what goes wrong after the first item cuts the connection.
 */
export async function sendItems (response: ServerResponse, items: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = items[Symbol.asyncIterator]()
  const first = await iterator.next()
  response.writeHead(200, { 'content-type': 'application/cbor-seq', 'cache-control': 'no-store' })
  await send(response, resumed(first, iterator))
}

/**
 * Answers with the entries of a journal as they come, for as long as the caller listens: newline-delimited JSON, a line
 * `{"entry", "cursor"}` for each, and an empty line at the start and now and then.
 *
 * @throws what `read` throws: `MESH_JOURNAL_NAME_INVALID`, `MESH_REQUEST_INVALID` (the cursor).
 */
export async function sendTail (response: ServerResponse, control: Pick<NodeControl, 'read' | 'tail'>, journal: string, options: Pick<ReadOptions, 'since' | 'kind'>, clock: Clock): Promise<void> {
  const { since } = options
  const { cursor } = await control.read(journal, { limit: 0, reverse: true, ...since !== undefined && { since } })
  const stop = new AbortController()
  response.once('close', () => stop.abort())
  const entries = control.tail(journal, { since: cursor, ...options, signal: stop.signal })
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  const endSigns = showLife(response, clock)
  await send(response, linesOf(entries)).finally(endSigns)
}

async function send (response: ServerResponse, parts: AsyncIterable<Uint8Array | string>): Promise<void> {
  try {
    await pipeline(Readable.from(parts, { objectMode: false }), response)
  } catch (error) {
    // Who stops listening needs no answer.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  }
}

async function * resumed<Item> (first: IteratorResult<Item>, iterator: AsyncIterator<Item>): AsyncGenerator<Item> {
  for (let next = first; next.done !== true; next = await iterator.next()) yield next.value
}

async function * linesOf (entries: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const entry of entries) yield JSON.stringify(entry) + '\n'
}

/** Writes an empty line now and every now and then. Returns the way to stop it. */
function showLife (response: ServerResponse, clock: Clock): () => void {
  const sign = () => {
    response.write('\n')
    return clock.timer(signOfLifeMs, () => { timer = sign() })
  }
  let timer = sign()
  return () => timer.cancel()
}
