import { Agent, request, type IncomingMessage } from 'node:http'
import {
  describeError, isMeshError, MeshError, type Acknowledgement, type Convergence, type EntryView, type JournalStatus, type NewEntry,
  type NodeStatus, type PeerStatus, type ReadOptions
} from '@akshi/core'

/** How long a node may be silent in the middle of a request. */
const silenceMs = 30_000

export interface ApiClientOptions {
  /** Base URL of the local API. */
  readonly url: string
  /** The node's home, for messages. */
  readonly home: string
  /** Left out only where the node has `dashboard.auth = false`. */
  readonly token?: string
}

/**
 * The local API of a running node, over one connection that is kept open. Every call rejects with the `MeshError` that
 * the node answered, `MESH_NOT_RUNNING` when nothing (or something else) answers, or `MESH_TIMEOUT`. Nothing is retried:
 * an append whose answer was lost may have happened.
 */
export class ApiClient {
  readonly #options: ApiClientOptions
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor (options: ApiClientOptions) {
    this.#options = options
  }

  status (): Promise<NodeStatus> {
    return this.#call('GET', '/status')
  }

  peers (): Promise<readonly PeerStatus[]> {
    return this.#call('GET', '/peers')
  }

  trust (peer: string): Promise<PeerStatus> {
    return this.#call('POST', '/trust', { peer })
  }

  journals (): Promise<readonly JournalStatus[]> {
    return this.#call('GET', '/journals')
  }

  read (journal: string, { limit, reverse, since, kind }: ReadOptions = {}): Promise<{ entries: readonly EntryView[], cursor: string }> {
    const query = new URLSearchParams({
      ...(limit === undefined ? {} : { limit: String(limit) }),
      ...(reverse === true ? { reverse: '1' } : {}),
      ...(since === undefined ? {} : { since }),
      ...(kind === undefined ? {} : { kind })
    })
    return this.#call('GET', `/journals/${encodeURIComponent(journal)}/entries?${query}`)
  }

  append (journal: string, entries: readonly NewEntry[]): Promise<Acknowledgement> {
    return this.#call('POST', `/journals/${encodeURIComponent(journal)}/entries`, { entries })
  }

  convergence (agent?: string): Promise<Convergence> {
    return this.#call('GET', `/sync/convergence${agent === undefined ? '' : `?agent=${encodeURIComponent(agent)}`}`)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#agent.destroy()
  }

  async #call<Answer> (method: string, path: string, body?: unknown): Promise<Answer> {
    const { status, text } = await this.#exchange(method, path, body)
    const answer = parse(text)
    if (status < 300 && answer !== undefined) return answer as Answer
    const { error, detail } = (answer ?? {}) as { error?: unknown, detail?: unknown }
    if (typeof error === 'string' && typeof detail === 'string') throw new MeshError(error as `${string}_${string}`, detail)
    throw new MeshError('MESH_NOT_RUNNING', `What answers at ${this.#options.url} is no Akshi node (status ${status}). Give the node another dashboard.port, or start it: akshi run`)
  }

  #exchange (method: string, path: string, body?: unknown): Promise<{ status: number, text: string }> {
    const { url, token } = this.#options
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const headers = {
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length })
    }
    return new Promise((resolve, reject) => {
      const failed = (cause: Error) => reject(isMeshError(cause) ? cause : this.#unreachable(cause))
      const call = request(`${url}/api/v1${path}`, { method, headers, agent: this.#agent, timeout: silenceMs }, (response) => {
        readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), failed)
      })
      call.on('timeout', () => call.destroy(new MeshError('MESH_TIMEOUT', `The node at ${url} did not answer within ${silenceMs / 1000} s. Look at its log.`)))
      call.on('error', failed)
      call.end(payload)
    })
  }

  #unreachable (cause: Error): MeshError {
    const { url, home } = this.#options
    return new MeshError('MESH_NOT_RUNNING', `No node answers at ${url} (home ${home}): ${describeError(cause)}. Start it: akshi run`, { cause })
  }
}

async function readText (response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
