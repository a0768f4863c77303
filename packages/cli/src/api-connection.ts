import { Agent, request, type IncomingMessage } from 'node:http'
import { describeError, isMeshError, MeshError } from '@akshi/core'

/** How long a node may be silent in the middle of a request. */
const silenceMs = 30_000

export interface ApiConnectionOptions {
  /** Base URL of the local API. */
  readonly url: string
  /** The node's home, for messages. */
  readonly home: string
  /** Left out only where the node has `dashboard.auth = false`. */
  readonly token?: string
}

/** What goes with a request. */
export interface ApiBody {
  readonly type: string
  readonly bytes: Uint8Array
}

/**
 * Requests to the local API of a node, over one connection that is kept open; each stream has one of its own. Every call
 * rejects with the `MeshError` that the node answered, `MESH_NOT_RUNNING` when nothing (or something else) answers, or
 * `MESH_TIMEOUT`. Nothing is retried.
 */
export class ApiConnection {
  readonly #options: ApiConnectionOptions
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor (options: ApiConnectionOptions) {
    this.#options = options
  }

  /** One request whose answer is a JSON document. */
  async call<Answer> (method: string, path: string, body?: ApiBody): Promise<Answer> {
    const response = await this.#request(method, path, this.#agent, body)
    const answer = parse(await this.#readText(response))
    if ((response.statusCode ?? 0) < 300 && answer !== undefined) return answer as Answer
    throw this.#refusal(response, answer)
  }

  /** The bytes of an answer as they come. The signal ends it, without an error. */
  async * stream (path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      const response = await this.#request('GET', path, new Agent(), undefined, signal)
      if ((response.statusCode ?? 0) >= 300) throw this.#refusal(response, parse(await this.#readText(response)))
      yield * this.#chunksOf(response)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  close (): void {
    this.#agent.destroy()
  }

  #request (method: string, path: string, agent: Agent, body: ApiBody | undefined, signal?: AbortSignal): Promise<IncomingMessage> {
    const { url, token } = this.#options
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': body.type, 'content-length': body.bytes.length })
    }
    return new Promise((resolve, reject) => {
      const call = request(`${url}/api/v1${path}`, { method, headers, agent, timeout: silenceMs, ...signal !== undefined && { signal } }, resolve)
      call.on('timeout', () => call.destroy(new MeshError('MESH_TIMEOUT', `The node at ${url} did not answer within ${silenceMs / 1000} s. Look at its log.`)))
      call.on('error', (cause) => reject(isMeshError(cause) ? cause : this.#unreachable(cause)))
      call.end(body?.bytes)
    })
  }

  async * #chunksOf (response: IncomingMessage): AsyncGenerator<Buffer> {
    try {
      yield * response as AsyncIterable<Buffer>
    } catch (cause) {
      if (isMeshError(cause)) throw cause
      throw new MeshError('MESH_NOT_RUNNING', `The node at ${this.#options.url} broke off in the middle of its answer. Look at its log, then try again.`, { cause })
    }
  }

  async #readText (response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    for await (const chunk of this.#chunksOf(response)) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  #refusal ({ statusCode }: IncomingMessage, answer: unknown): MeshError {
    const { error, detail } = (answer ?? {}) as { error?: unknown, detail?: unknown }
    if (typeof error === 'string' && typeof detail === 'string') return new MeshError(error as `${string}_${string}`, detail)
    return new MeshError('MESH_NOT_RUNNING', `What answers at ${this.#options.url} is no Akshi node (status ${statusCode}). Give the node another dashboard.port, or start it: akshi run`)
  }

  #unreachable (cause: Error): MeshError {
    const { url, home } = this.#options
    // Any free port: only a running node knows which.
    const what = url.endsWith(':0') ? `No node answers: none is running in ${home}` : `No node answers at ${url} (home ${home}): ${describeError(cause)}`
    return new MeshError('MESH_NOT_RUNNING', `${what}. Start it: akshi run`, { cause })
  }
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
