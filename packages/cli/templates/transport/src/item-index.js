import { digestRoot, feedKey, isSnapshot, openEnvelope, parseSnapshot, peekItem } from '@akshi/core'
import { FeedPaths } from './feed-paths.js'

/** @import { Digest, FeedId, FeedState, PullOptions, Range } from '@akshi/core' */
/** @import { Spot } from './feed-paths.js' */

/**
 * An item on its way into the shared place.
 *
 * @typedef {object} Parcel
 * @property {string} name says what it is: two items with one name say the same
 * @property {Uint8Array} bytes
 * @property {FeedId} feed
 */

/**
 * What is known of the items in a shared place: which there are and where, never the items themselves. What anybody may
 * have put there is checked first; what is damaged or foreign counts as not there.
 */
export class ItemIndex {
  #meshId
  /** @type {Map<string, { readonly feed: FeedId, readonly spots: Map<string, Spot>, paths: FeedPaths | undefined }>} */
  #feeds = new Map()
  /** By the key that the place gave. @type {Map<string, { readonly feed: string, readonly name: string }>} */
  #byKey = new Map()

  /** @param {string} meshId */
  constructor (meshId) {
    this.#meshId = meshId
  }

  /**
   * Notes what lies at a key.
   *
   * @param {string} key
   * @param {Uint8Array} bytes
   */
  see (key, bytes) {
    this.lose(key)
    if (!isGood(bytes, this.#meshId)) return
    const { name, feed, spot } = describe(bytes, this.#meshId)
    const id = feedKey(feed)
    const known = this.#feeds.get(id) ?? { feed, spots: new Map(), paths: undefined }
    this.#feeds.set(id, known)
    known.spots.set(name, { ...spot, key })
    known.paths = undefined
    this.#byKey.set(key, { feed: id, name })
  }

  /**
   * Notes that nothing lies at a key any more.
   *
   * @param {string} key
   */
  lose (key) {
    const { feed = '', name = '' } = this.#byKey.get(key) ?? {}
    const known = this.#feeds.get(feed)
    this.#byKey.delete(key)
    if (known?.spots.get(name)?.key !== key) return
    known.spots.delete(name)
    known.paths = undefined
  }

  /**
   * What is there, for the one who asks. Nobody applies anything here, so there are no heads.
   *
   * @returns {Digest}
   */
  get digest () {
    const feeds = [...this.#feeds.keys()].sort().flatMap((id) => this.#stateOf(id))
    return { root: digestRoot(feeds), feeds }
  }

  /**
   * What is there of these feeds.
   *
   * @param {readonly FeedId[]} feeds
   * @returns {readonly FeedState[]}
   */
  statesOf (feeds) {
    return [...new Set(feeds.map(feedKey))].flatMap((id) => this.#stateOf(id))
  }

  /**
   * Keys of what a range wants.
   *
   * @param {Range} range
   * @param {PullOptions} options
   * @returns {readonly string[]}
   */
  select (range, { newestFirst = false }) {
    return this.#pathsOf(feedKey(range.feed))?.select(range, newestFirst) ?? []
  }

  /** @param {string} id */
  #stateOf (id) {
    const feed = this.#feeds.get(id)?.feed
    const tips = this.#pathsOf(id)?.tips ?? []
    return feed === undefined || tips.length === 0 ? [] : [{ feed, tips, heads: [] }]
  }

  /** @param {string} id */
  #pathsOf (id) {
    const known = this.#feeds.get(id)
    if (known !== undefined) known.paths ??= new FeedPaths(known.spots.values())
    return known?.paths
  }
}

/**
 * An item as a parcel.
 *
 * @param {Uint8Array} bytes
 * @param {string} meshId
 * @returns {Parcel}
 * @throws MeshError `MESH_ENVELOPE_INVALID` for what belongs into no feed.
 */
export function pack (bytes, meshId) {
  const { name, feed } = describe(bytes, meshId)
  return { name, bytes, feed }
}

/**
 * Whether bytes are an item of this mesh, signed by its origin. What is inside a snapshot is for the node that reads it to check.
 *
 * @param {Uint8Array} bytes
 * @param {string} meshId
 */
export function isGood (bytes, meshId) {
  try {
    if (isSnapshot(bytes)) return parseSnapshot(bytes, meshId).verified()
    return openEnvelope(bytes, meshId).header.kind === 'journal'
  } catch {
    return false
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {string} meshId
 */
function describe (bytes, meshId) {
  const { kind, envelope: { origin, id: rawId, header } } = peekItem(bytes, meshId)
  const [id, prev] = [toHex(rawId), header.prev && toHex(header.prev)]
  const feed = { journal: header.journal, part: header.part, origin }
  const { segment, entries } = header.part === 'log' ? header : { segment: 0, entries: 0 }
  const spot = { kind, seq: header.seq, id, prev, segment, entries }
  return { name: `${id}.${kind}`, feed, spot }
}

/** @param {Uint8Array} bytes */
function toHex (bytes) {
  return Buffer.from(bytes).toString('hex')
}
