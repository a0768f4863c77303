import { digestRoot, feedKey, FeedPaths, isSnapshot, openEnvelope, parseSnapshot, peekItem, spotOf } from '@akshi/core'

/** @import { Digest, FeedId, FeedSpot, FeedState, PeekedItem, PullOptions, Range } from '@akshi/core' */

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
  /** @type {Map<string, { readonly feed: FeedId, readonly spots: Map<string, FeedSpot>, paths: FeedPaths | undefined }>} */
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
    const item = peekItem(bytes, this.#meshId)
    const [name, feed] = [nameOf(item), feedOf(item)]
    const id = feedKey(feed)
    const known = this.#feeds.get(id) ?? { feed, spots: new Map(), paths: undefined }
    this.#feeds.set(id, known)
    known.spots.set(name, spotOf(key, item))
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
  select (range, options) {
    return this.#pathsOf(feedKey(range.feed))?.select(range, options) ?? []
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
  const item = peekItem(bytes, meshId)
  return { name: nameOf(item), bytes, feed: feedOf(item) }
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

/** @param {PeekedItem} item */
function nameOf ({ kind, envelope: { id } }) {
  return `${Buffer.from(id).toString('hex')}.${kind}`
}

/**
 * @param {PeekedItem} item
 * @returns {FeedId}
 */
function feedOf ({ envelope: { origin, header: { journal, part } } }) {
  return { journal, part, origin }
}
