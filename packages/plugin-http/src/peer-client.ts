import type { TLSSocket } from 'node:tls'
import { Pool, type buildConnector, type Dispatcher } from 'undici'
import { describeError, isMeshError, MeshError, shortDid, type Address, type Did } from '@akshi/core'
import { isLocal } from './access.ts'
import { mediaType } from './body.ts'
import type { Dialler } from './dialler.ts'
import { pack, packed, unpack } from './packing.ts'
import type { PeerClocks } from './peer-clocks.ts'

/** Below the 75 s after which the other side closes an idle connection, so that no request meets a closing one. */
const keepAliveMs = 60_000
const maxDetailLength = 300
/** Of a connection that this side has closed because nothing was asked for a while. */
const idleCode = 'UND_ERR_INFO'
/** Below this, packing saves less than a packet or two. */
const minPackBytes = 4_096

export interface PeerClientOptions {
  readonly own: Did
  readonly peer: Did
  /** Asked anew at each dial. */
  readonly addresses: () => readonly Address[]
  readonly dialler: Dialler
  readonly requestTimeoutMs: number
  /** Learns of the peer's clock from its answers. */
  readonly clocks?: PeerClocks
  /** Of an answer, packed and unpacked. */
  readonly maxResponseBytes: number
  /** Whether what goes over this connection is worth packing. Default: unless it ends on this machine. */
  readonly isFar?: (socket: TLSSocket) => boolean
}

export interface PeerRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly type?: string
  readonly body?: Uint8Array
  /** Whether the body gets smaller by packing. Default false. */
  readonly packs?: boolean
  /** The media type that the answer must have. */
  readonly accept: string
}

/** HTTP requests to one node over one kept connection, dialled when it is needed. */
export class PeerClient {
  readonly #options: PeerClientOptions
  readonly #closing = new AbortController()
  readonly #pool: Pool
  /** Of the last dial; false before the first, whose request is small anyway. */
  #isFar = false
  #socket: TLSSocket | undefined
  /** Told when the connection is cut by the other side, or on the way. */
  onBreak: () => void = () => {}

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
    this.#pool.on('disconnect', (_origin, _targets, { code }) => {
      if (code !== idleCode && !this.#closing.signal.aborted) this.onBreak()
    })
  }

  /** Where the connection leads; nothing while there is none. */
  get remote (): Address | undefined {
    const { remoteAddress: host, remotePort: port, destroyed = true } = this.#socket ?? {}
    return destroyed || host === undefined || port === undefined ? undefined : { host, port }
  }

  /**
   * The body of the node's answer to a request.
   *
   * @throws MeshError `MESH_PEER_UNREACHABLE`, `MESH_PEER_MISMATCH`, `MESH_NOT_TRUSTED` or `MESH_SEND_FAILED`. On
   * abort, `signal.reason`.
   */
  async request (request: PeerRequest, signal: AbortSignal): Promise<Uint8Array> {
    try {
      const { body, headers } = await this.#ask(request, signal)
      const bytes = await body.bytes()
      return headers['content-encoding'] === packed ? await unpack(bytes, this.#options.maxResponseBytes) : bytes
    } catch (error) {
      throw signal.aborted ? signal.reason : this.#explain(request.path, error)
    }
  }

  /** As `request`; gives the body in pieces, as they come. A body that came packed comes in one. */
  async * stream (request: PeerRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      const { body, headers } = await this.#ask(request, signal)
      if (headers['content-encoding'] === packed) yield await unpack(await body.bytes(), this.#options.maxResponseBytes)
      else for await (const piece of body) yield piece as Uint8Array
    } catch (error) {
      throw signal.aborted ? signal.reason : this.#explain(request.path, error)
    }
  }

  /** Cuts the connection and whatever is under way on it. */
  async close (): Promise<void> {
    const reason = new MeshError('MESH_NOT_RUNNING', `The link to ${this.#options.peer} is closed.`)
    this.#closing.abort(reason)
    await this.#pool.destroy(reason)
  }

  /** An answer with status 200 and the media type that was asked for. */
  async #ask (request: PeerRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { method, path, accept } = request
    const { clocks, peer } = this.#options
    signal.throwIfAborted()
    const sentAt = clocks?.now() ?? 0
    const answer = await this.#pool.request({ method, path, ...await this.#message(request), signal })
    clocks?.note(peer, answer.headers.date, sentAt)
    if (answer.statusCode !== 200) throw this.#refused(path, answer.statusCode, await answer.body.bytes())
    if (mediaType(answer.headers['content-type']) !== accept) throw this.#failed(path, `the answer is not ${accept}`)
    return answer
  }

  async #message ({ type, body, packs = false, accept }: PeerRequest) {
    const isPacked = body !== undefined && packs && this.#isFar && body.length >= minPackBytes
    const headers = {
      accept,
      ...type !== undefined && { 'content-type': type },
      ...isPacked && { 'content-encoding': packed },
      ...this.#isFar && { 'accept-encoding': packed }
    }
    return { headers, body: isPacked ? await pack(body) : body ?? null }
  }

  readonly #connect: buildConnector.connector = (_options, callback) => {
    const { dialler, peer, addresses, isFar = leavesMachine } = this.#options
    dialler.dial(peer, addresses(), this.#closing.signal).then((socket) => {
      this.#isFar = isFar(socket)
      this.#socket = socket
      callback(null, socket)
    }, (error: Error) => callback(error, null))
  }

  #explain (path: string, error: unknown): MeshError {
    const { aborted, reason } = this.#closing.signal
    if (aborted) return reason as MeshError
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

function leavesMachine ({ remoteAddress = '', localAddress = '' }: TLSSocket): boolean {
  return !isLocal(remoteAddress, localAddress, false)
}
