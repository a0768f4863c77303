import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { describeError } from '@akshi/core'
import { createClient, RESP_TYPES } from 'redis'

/** @import { Did, Logger } from '@akshi/core' */
/** @import { Parcel } from './item-index.js' */

/** Items that are fetched at once; each has at most 8 MiB. */
const pageSize = 16
/** How long the client waits at most before it tries to connect again. */
const longestPauseMs = 500
/** How long it dials at most. */
const longestDialMs = 3_000

/** Puts an item at the end of the stream, unless these very bytes are there. Redis runs it as a whole. */
const putScript = `
local id = redis.call('HGET', KEYS[2], ARGV[1])
local there = id and redis.call('XRANGE', KEYS[1], id, id)[1]
if there and there[2][2] == ARGV[2] then return 0 end
if there then redis.call('XDEL', KEYS[1], id) end
redis.call('HSET', KEYS[2], ARGV[1], redis.call('XADD', KEYS[1], '*', 'item', ARGV[2]))
redis.call('PUBLISH', KEYS[3], ARGV[3])
return 1`

/**
 * A `Place` in Redis: one stream of items, with a hash that says where in it an item is, and a channel on which those who
 * add something say so.
 */
export class RedisPlace {
  title
  /** What talks to it in a shell. */
  command
  #client
  /** The same, with answers in bytes. */
  #bytes
  #listener
  #did
  #logger
  /** Of the stream, the hash and the channel. @type {[stream: string, places: string, news: string]} */
  #keys
  /** Ids of the entries that were seen. @type {Set<string>} */
  #seen = new Set()
  #last = '0-0'
  /** What ends when a client has dialled: it leaks the socket when it is destroyed before. @type {Map<object, Promise<unknown>>} */
  #dials = new Map()
  #closed = new AbortController()

  /** @param {{ readonly url: string, readonly prefix: string, readonly meshId: string, readonly did: Did, readonly logger: Logger }} options */
  constructor ({ url, prefix, meshId, did, logger }) {
    const mesh = createHash('sha256').update(meshId).digest('hex').slice(0, 32)
    const { hostname, port } = new URL(url)
    const at = { host: hostname, port: port === '' ? '6379' : port }
    this.title = `Redis at ${at.host}:${at.port}`
    this.command = `redis-cli -h ${at.host} -p ${at.port}`
    this.#did = did
    this.#logger = logger
    this.#keys = [`${prefix}:{${mesh}}:items`, `${prefix}:{${mesh}}:places`, `${prefix}:{${mesh}}:news`]
    this.#client = createClient({ url, disableOfflineQueue: true, socket: { connectTimeout: longestDialMs, reconnectStrategy: (tries) => Math.min(50 * 2 ** tries, longestPauseMs) } })
    this.#bytes = this.#client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
    this.#listener = this.#client.duplicate({ disableOfflineQueue: false })
  }

  /**
   * Resolves at once: calls wait until the client has connected, which it tries again and again.
   *
   * @param {() => void} changed
   */
  async open (changed) {
    for (const client of [this.#client, this.#listener]) {
      const dial = () => this.#dials.set(client, once(client, 'connect').catch(() => {}))
      client.on('error', (error) => this.#warn(error)).on('reconnecting', dial)
      dial()
    }
    this.#listener.on('ready', changed)
    const connecting = Promise.all([this.#client.connect(), this.#listener.connect()])
    connecting.then(() => this.#listener.subscribe(this.#keys[2], (did) => { if (did !== this.#did) changed() })).then(changed).catch((error) => this.#warn(error))
  }

  /** @param {readonly Parcel[]} parcels */
  async put (parcels) {
    await this.#connected()
    const added = await Promise.all(parcels.map(({ name, bytes }) => this.#client.eval(putScript, { keys: this.#keys, arguments: [name, asBuffer(bytes), this.#did] })))
    return added.map((isNew) => isNew === 1 ? 'stored' : 'duplicate')
  }

  /**
   * Reads on where it stopped. When the counts differ then, entries have gone (a Redis that lost its disk, say): all is read anew.
   *
   * @param {(key: string, bytes: Uint8Array) => void} seen
   * @param {(key: string) => void} lost
   */
  async look (seen, lost) {
    await this.#connected()
    if (await this.#readOn(seen)) return
    for (const id of this.#seen) lost(id)
    this.#seen.clear()
    this.#last = '0-0'
    await this.#readOn(seen)
  }

  /** @param {string} id */
  async read (id) {
    await this.#connected()
    const [entry] = await this.#bytes.xRange(this.#keys[0], id, id) ?? []
    return entry?.message.item
  }

  async close () {
    this.#closed.abort()
    await Promise.all(this.#dials.values())
    for (const client of [this.#client, this.#listener]) if (client.isOpen) client.destroy()
  }

  /**
   * A setting of the server.
   *
   * @param {string} name
   * @returns {Promise<string | undefined>}
   */
  async setting (name) {
    await this.#connected()
    return (await this.#client.configGet(name))[name]
  }

  /** While it is out of reach: waits until the next try to connect has come to something. */
  async #connected () {
    if (!this.#client.isReady) await once(this.#client, 'ready', { signal: this.#closed.signal })
  }

  /**
   * Resolves to whether as many entries are there as were seen.
   *
   * @param {(key: string, bytes: Uint8Array) => void} seen
   */
  async #readOn (seen) {
    for (let isEnd = false; ;) {
      const entries = await this.#bytes.xRange(this.#keys[0], `(${this.#last}`, '+', { COUNT: pageSize }) ?? []
      for (const { id, message } of entries) {
        this.#last = id.toString()
        this.#seen.add(this.#last)
        if (message.item !== undefined) seen(this.#last, message.item)
      }
      if (entries.length > 0) continue
      if (await this.#client.xLen(this.#keys[0]) === this.#seen.size) return true
      if (isEnd) return false
      isEnd = true                                                                  // unless one came between the two
    }
  }

  /** @param {unknown} error */
  #warn (error) {
    if (!this.#closed.signal.aborted) this.#logger.warnOnce('redis', `${this.title} is out of reach`, { reason: describeError(error) })
  }
}

/** @param {Uint8Array} bytes */
function asBuffer ({ buffer, byteOffset, byteLength }) {
  return Buffer.from(buffer, byteOffset, byteLength)
}
