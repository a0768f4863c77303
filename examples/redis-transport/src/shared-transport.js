import { describeError, isMeshError, MeshError } from '@akshi/core'
import { isGood, ItemIndex, pack } from './item-index.js'
import { Turns } from './turns.js'

/** @import { Digest, EnvelopeReceiver, Link, LinkTarget, PullOptions, Range, Receipt, Transport, Verdict } from '@akshi/core' */
/** @import { Parcel } from './item-index.js' */

/**
 * Something that nodes share and put items into: all that a carrier has to bring. Calls come one at a time, and reject
 * while it is out of reach. `close` may come at any time: a call under way that may wait for long rejects then, as one that
 * waits for a connection; one that ends soon in any case, as a read of a file, may go on.
 *
 * @typedef {object} Place
 * @property {string} title what it is and where, for people
 * @property {(changed: () => void, signal: AbortSignal) => Promise<void>} open resolves soon, also when it is out of reach; `changed` is
 *   called from then on when others may have changed something, and when it is back
 * @property {(parcels: readonly Parcel[]) => Promise<readonly ('stored' | 'duplicate')[]>} put resolves when they are kept for good;
 *   what lies there under the same name with other bytes is replaced
 * @property {(seen: (key: string, bytes: Uint8Array) => void, lost: (key: string) => void) => Promise<void>} look tells what came and went since the last time
 * @property {(key: string) => Promise<Uint8Array | undefined>} read
 * @property {() => Promise<void>} close leaves no timer, socket or handle; safe before `open`
 */

/**
 * A transport of reach "shared" over any place that can keep items.
 *
 * @implements {Transport}
 */
export class SharedTransport {
  /** @readonly @type {'shared'} */
  reach = 'shared'
  #name
  #meshId
  #place
  #index
  #turns = new Turns()
  #stopped = new AbortController()

  /** @param {{ readonly name: string, readonly meshId: string, readonly place: Place }} options `name` is the plugin's */
  constructor ({ name, meshId, place }) {
    this.#name = name
    this.#meshId = meshId
    this.#place = place
    this.#index = new ItemIndex(meshId)
  }

  /**
   * @param {EnvelopeReceiver} receiver
   * @param {AbortSignal} signal
   */
  async start (receiver, signal) {
    signal.throwIfAborted()
    await this.#place.open(() => receiver.hint({ kind: 'shared', name: this.#name }), signal)
  }

  /**
   * Resolves at once: whether the place can be reached shows with the first call.
   *
   * @param {LinkTarget} target
   * @param {AbortSignal} signal
   * @returns {Promise<Link>}
   */
  async connect (target, signal) {
    signal.throwIfAborted()
    if (target.kind !== 'shared') throw new TypeError(`${this.#place.title} reaches everybody: connect to { kind: "shared" }`)
    return new SharedLink(this.#place, this.#index, this.#turns, this.#meshId, this.#stopped.signal)
  }

  async stop () {
    this.#stopped.abort()
    await this.#place.close()
    await this.#turns.idle()
  }
}

/** @implements {Link} */
class SharedLink {
  #place
  #index
  #turns
  #meshId
  #stopped
  #isClosed = false

  /**
   * @param {Place} place
   * @param {ItemIndex} index
   * @param {Turns} turns
   * @param {string} meshId
   * @param {AbortSignal} stopped
   */
  constructor (place, index, turns, meshId, stopped) {
    this.#place = place
    this.#index = index
    this.#turns = turns
    this.#meshId = meshId
    this.#stopped = stopped
  }

  /**
   * @param {readonly Uint8Array[]} batch
   * @param {AbortSignal} signal
   * @returns {Promise<Receipt>}
   */
  async push (batch, signal) {
    const parcels = batch.map((bytes) => packed(bytes, this.#meshId))
    const accepted = parcels.filter((parcel) => 'bytes' in parcel)
    return await this.#take(signal, async () => {
      const statuses = (await this.#place.put(accepted)).values()
      const verdicts = parcels.map((parcel) => /** @type {Verdict} */ ('bytes' in parcel ? { status: statuses.next().value ?? 'failed' } : parcel))
      await this.#look()
      return { verdicts, have: this.#index.statesOf(accepted.map(({ feed }) => feed)) }
    })
  }

  /**
   * What is there now.
   *
   * @param {Digest} _mine
   * @param {AbortSignal} signal
   */
  async digest (_mine, signal) {
    return await this.#take(signal, async () => {
      await this.#look()
      return this.#index.digest
    })
  }

  /**
   * @param {readonly Range[]} want
   * @param {PullOptions} options
   * @param {AbortSignal} signal
   */
  async * pull (want, options, signal) {
    await this.#take(signal, () => this.#look())
    let left = options.limit
    for (const key of want.flatMap((range) => this.#index.select(range, options))) {
      if (left <= 0) return
      const bytes = await this.#take(signal, () => this.#place.read(key))
      if (bytes === undefined || !isGood(bytes, this.#meshId)) continue             // it went away meanwhile
      left--
      yield bytes
    }
  }

  async close () {
    this.#isClosed = true
  }

  async #look () {
    await this.#place.look((key, bytes) => this.#index.see(key, bytes), (key) => this.#index.lose(key))
  }

  /**
   * @template Result
   * @param {AbortSignal} signal
   * @param {() => Promise<Result>} run
   * @returns {Promise<Result>}
   */
  async #take (signal, run) {
    this.#checkOpen()
    try {
      return await this.#turns.take(signal, run)
    } catch (cause) {
      signal.throwIfAborted()
      this.#checkOpen()
      if (isMeshError(cause)) throw cause
      throw new MeshError('MESH_DISK_FAILED', `${this.#place.title} cannot be used: ${describeError(cause)}. It is tried again; sync goes on when it is back.`, { cause })
    }
  }

  #checkOpen () {
    if (this.#isClosed || this.#stopped.aborted) throw new MeshError('MESH_NOT_RUNNING', `The link to ${this.#place.title} is closed. Connect again.`)
  }
}

/**
 * The item, or why it is none.
 *
 * @param {Uint8Array} bytes
 * @param {string} meshId
 * @returns {Parcel | Verdict}
 */
function packed (bytes, meshId) {
  try {
    return pack(bytes, meshId)
  } catch (error) {
    return { status: 'refused', reason: describeError(error) }
  }
}
