import { basename } from 'node:path'
import { transportSubject } from '@akshi/testkit'
import { createClient, RESP_TYPES } from 'redis'
import redis from '../src/index.js'
import { missing, RedisServer } from './redis-server.js'

/** Why nothing of this can be tried here, if it cannot. */
export const skipped = missing

/** One Redis for all; each case has keys of its own. */
export const server = missing === undefined ? await RedisServer.start() : undefined

const prefixOf = ({ folder }) => basename(folder)

/** The transport as the conformance cases see it. */
export const subject = transportSubject({
  reach: 'shared',
  open: (place) => ({ plugin: redis, config: { url: server.url, prefix: prefixOf(place) } }),
  damage: (place) => withClient(async (client) => {
    const [stream] = await client.keys(`${prefixOf(place)}:*:items`)
    await damage(client, stream)
  }),
  takeAway: async () => {
    await server.kill()
    return () => server.start()
  }
})

/** Calls `use` with a client that gets bytes, and closes it. */
export async function withClient (use) {
  const client = createClient({ url: server.url })
  await client.connect()
  try {
    return await use(client, client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }))
  } finally {
    client.destroy()
  }
}

/** One entry gets another byte in the middle, one is cut, one goes away, one gets the fields of a stranger, and strangers come. */
async function damage (client, stream) {
  const entries = await client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).xRange(stream, '-', '+')
  const [flipped, cut, gone, foreign] = entries.map(({ id, message }) => ({ id: String(id), bytes: Buffer.from(message.item) }))
  flipped.bytes[flipped.bytes.length >> 1] ^= 1
  for (const { id } of [flipped, cut, gone, foreign]) await client.xDel(stream, id)
  for (const item of [flipped.bytes, cut.bytes.subarray(0, 100), Buffer.alloc(0), Buffer.from('foreign')]) await client.xAdd(stream, '*', { item })
  await client.xAdd(stream, '*', { note: foreign.bytes })
}
