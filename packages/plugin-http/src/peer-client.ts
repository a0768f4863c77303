import { Pool, type buildConnector } from 'undici'
import { describeError, isMeshError, MeshError, shortDid, type Address, type Did } from '@akshi/core'
import { mediaType } from './body.ts'
import type { Dialler } from './dialler.ts'

/** Below the 75 s after which the other side closes an idle connection, so that no request meets a closing one. */
const keepAliveMs = 60_000
const maxDetailLength = 300

export interface PeerClientOptions {
  readonly own: Did
  readonly peer: Did
  /** Asked anew at each dial. */
  readonly addresses: () => readonly Address[]
  readonly dialler: Dialler
  readonly requestTimeoutMs: number
  readonly maxResponseBytes: number
}

export interface PeerRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly type?: string
  readonly body?: Uint8Array
  /** The media type that the answer must have. */
  readonly accept: string
}

/** HTTP requests to one node over one kept connection, dialled when it is needed. */
export class PeerClient {
  readonly #options: PeerClientOptions
  readonly #closing = new AbortController()
  readonly #pool: Pool

  constructor (options: PeerClientOptions) {
    const { requestTimeoutMs, maxResponseBytes } = options
    this.#options = options
    this.#pool = new Pool('https://akshi-node', {
      connections: 1,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: keepAliveMs,
      headersTimeout: requestTimeoutMs,
      bodyTimeout: requestTimeoutMs,
      maxResponseSize: maxResponseBytes,
      connect: this.#connect
    })
  }

  /**
   * The body of the node's answer to a request.
   *
   * @throws MeshError `MESH_PEER_UNREACHABLE`, `MESH_PEER_MISMATCH`, `MESH_NOT_TRUSTED` or `MESH_SEND_FAILED`. On
   * abort, `signal.reason`.
   */
  async request ({ method, path, type, body, accept }: PeerRequest, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    try {
      const answer = await this.#pool.request({
        method, path, body: body ?? null, headers: { accept, ...(type === undefined ? {} : { 'content-type': type }) }, signal
      })
      const bytes = await answer.body.bytes()
      if (answer.statusCode !== 200) throw this.#refused(path, answer.statusCode, bytes)
      if (mediaType(answer.headers['content-type']) !== accept) throw this.#failed(path, `the answer is not ${accept}`)
      return bytes
    } catch (error) {
      throw signal.aborted ? signal.reason : this.#explain(path, error)
    }
  }

  /** Cuts the connection and whatever is under way on it. */
  async close (): Promise<void> {
    const reason = new MeshError('MESH_NOT_RUNNING', `The link to ${this.#options.peer} is closed.`)
    this.#closing.abort(reason)
    await this.#pool.destroy(reason)
  }

  readonly #connect: buildConnector.connector = (_options, callback) => {
    const { dialler, peer, addresses } = this.#options
    dialler.dial(peer, addresses(), this.#closing.signal)
      .then((socket) => callback(null, socket), (error: Error) => callback(error, null))
  }

  #explain (path: string, error: unknown): MeshError {
    if (isMeshError(error)) return error
    const code = (error as { code?: unknown }).code
    if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
      return new MeshError('MESH_PEER_UNREACHABLE', `${this.#options.peer} did not answer ${path} in ${this.#options.requestTimeoutMs} ms.`, { cause: error })
    }
    return this.#failed(path, describeError(error), error)
  }

  #refused (path: string, status: number, body: Uint8Array): MeshError {
    const { own, peer } = this.#options
    if (status === 401 || status === 403) {
      return new MeshError('MESH_NOT_TRUSTED', `${peer} has not trusted this node yet. Run there: akshi trust ${own}`)
    }
    return this.#failed(path, `it answered ${status}: ${JSON.stringify(Buffer.from(body).toString().slice(0, maxDetailLength))}`)
  }

  #failed (path: string, reason: string, cause?: unknown): MeshError {
    return new MeshError('MESH_SEND_FAILED', `${path} at ${shortDid(this.#options.peer)} failed: ${reason}. It is tried again.`, { cause })
  }
}
