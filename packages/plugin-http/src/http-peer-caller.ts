import { setMaxListeners } from 'node:events'
import { Pool, type buildConnector } from 'undici'
import { describeError, isMeshError, MeshError, shortDid, type Address, type Did, type PeerAnswer, type PeerCaller, type PeerRequest } from '@akshi/core'
import type { Dialler } from './dialler.ts'

const keepAliveMs = 60_000
/** Calls to one node at a time; more wait. */
const maxConnections = 256

export interface HttpPeerCallerOptions {
  readonly dialler: Dialler
  /** Where a node may be met, the best first; asked anew at each dial. */
  readonly addressesOf: (did: Did) => readonly Address[]
  readonly requestTimeoutMs: number
}

/** Calls routes of other nodes over mutual TLS, on connections of their own, so that no call waits for envelopes nor they for a call. */
export class HttpPeerCaller implements PeerCaller {
  readonly #options: HttpPeerCallerOptions
  readonly #pools = new Map<Did, Pool>()
  readonly #closing = new AbortController()

  constructor (options: HttpPeerCallerOptions) {
    this.#options = options
    setMaxListeners(0, this.#closing.signal)            // one a dial
  }

  async call (did: Did, { method, path, headers = {}, body, answerWithinMs = this.#options.requestTimeoutMs }: PeerRequest, signal: AbortSignal): Promise<PeerAnswer> {
    signal.throwIfAborted()
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason
    if (this.#options.addressesOf(did).length === 0) throw new MeshError('MESH_PEER_UNREACHABLE', `No address of ${did} is known.`)
    try {
      const answer = await abortable(this.#poolFor(did).request({ method, path, headers, body: body ?? null, headersTimeout: answerWithinMs, signal }), signal)
      return { status: answer.statusCode, headers: flat(answer.headers), body: this.#explained(did, path, answer.body, signal) }
    } catch (error) {
      throw signal.aborted ? signal.reason : this.#explain(did, path, error)
    }
  }

  /** Cuts all connections, and whatever is under way on them. */
  async close (): Promise<void> {
    const reason = new MeshError('MESH_NOT_RUNNING', 'This node is stopping.')
    this.#closing.abort(reason)
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy(reason)))
  }

  #poolFor (did: Did): Pool {
    const known = this.#pools.get(did)
    if (known !== undefined) return known
    const { dialler, addressesOf } = this.#options
    const connect: buildConnector.connector = (_options, callback) => {
      dialler.dial(did, addressesOf(did), this.#closing.signal).then((socket) => callback(null, socket), (error: Error) => callback(error, null))
    }
    const pool = new Pool('https://akshi-node', { connections: maxConnections, pipelining: 1, allowH2: false, keepAliveTimeout: keepAliveMs, bodyTimeout: 0, connect })
    this.#pools.set(did, pool)
    return pool
  }

  async * #explained (did: Did, path: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<Uint8Array> {
    try {
      yield * body
    } catch (error) {
      throw signal.aborted ? signal.reason : this.#explain(did, path, error)
    }
  }

  #explain (did: Did, path: string, error: unknown): MeshError {
    if (this.#closing.signal.aborted) return this.#closing.signal.reason as MeshError
    if (isMeshError(error)) return error
    return new MeshError('MESH_SEND_FAILED', `${path.split('?')[0]} at ${shortDid(did)} failed: ${describeError(error)}.`, { cause: error })
  }
}

/** A request that waits for its connection does not heed its signal before that is there. */
async function abortable<Result> (request: Promise<Result>, signal: AbortSignal): Promise<Result> {
  let abort = () => {}
  const aborted = new Promise<never>((resolve, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([request, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
    request.catch(() => {})
  }
}

function flat (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => value === undefined ? [] : [[name, String(value)]]))
}
