import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseDid, type Cradle, type Did, type Logger, type PeerAnswer, type PeerBook, type PeerCaller } from '@akshi/core'
import { baseOf } from './agent-card.ts'
import { announcedAgents } from './announced-agents.ts'
import { cardJson, localCard, verifyCard } from './card-rewrite.ts'
import { readRequest, type AgentRequest } from './agent-request.ts'
import { fieldOf } from './json-field.ts'
import { meshPath } from './mesh-routes.ts'
import { Refusal, refusalFrom, sendRefusal } from './refusal.ts'
import type { QueueFront } from './queue-front.ts'
import { loadSdk } from './sdk.ts'
import type { TaskBoard } from './task-board.ts'

export interface GatewayOptions {
  readonly own: Did
  readonly peerBook: Pick<PeerBook, 'get'>
  readonly peerCalls: PeerCaller
  readonly writes: Cradle['writes']
  readonly board: TaskBoard
  readonly queue: Pick<QueueFront, 'takes' | 'queues' | 'taskIdOf' | 'answer'>
  /** Answers for the agents of this node. */
  readonly local: RequestListener
  /** The signed card of an agent of this node. */
  readonly ownCard: (agent: string) => Promise<Uint8Array | undefined>
  /** Where this node's local API answers. */
  readonly baseUrl: () => string | undefined
  /** What this node announces. */
  readonly announced: () => Parameters<typeof announcedAgents>[0]
  readonly maxMessageBytes: number
  readonly logger: Logger
}

/** What goes to the agent's node; above all not the token of the local API. */
const passedOn = ['a2a-version', 'a2a-extensions', 'x-a2a-extensions', 'content-type', 'accept', 'traceparent'] as const
const passedBack = ['content-type', 'cache-control', 'a2a-extensions', 'x-a2a-extensions', 'retry-after', 'x-accel-buffering'] as const

/**
 * `/a2a/<node did>/<agent>/` for A2A clients on this machine: the agent's card, JSON-RPC and REST. Requests go to the agent's node, and
 * answers come back, byte by byte as they are; only requests are read, for their size and for `beforeWrite`.
 */
export class Gateway {
  readonly #options: GatewayOptions

  constructor (options: GatewayOptions) {
    this.#options = options
  }

  readonly listener: RequestListener = (request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      if (response.destroyed) return
      const refusal = Refusal.from(error)
      if (refusal === undefined) this.#options.logger.error('an A2A request failed', { error: String(error) })
      sendRefusal(request, response, refusal ?? new Refusal(500, 'INTERNAL', 'This node failed to pass the request on; its log says why.'))
    })
  }

  async #answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await readRequest(request, this.#options.maxMessageBytes)
    const did = parseDid(asked.node)
    this.#requireKnown(did)
    if (asked.path === '.well-known/agent-card.json') return await this.#sendCard(asked, did, request, response)
    if (asked.body !== undefined) await this.#options.writes.ask({ journal: asked.agent, part: 'a2a', kind: 'a2a', body: asked.body })
    const shownAs = this.#options.board.watch({ ...asked, node: did }, request, response)
    const path = `${meshPath}/${asked.agent}/${asked.path}${asked.query}`
    if (did === this.#options.own) return this.#answerHere(request, response, path)
    await this.#passOn(did, asked, path, request, response, () => this.#answerFromQueue(did, asked, shownAs, request, response))
  }

  /** To the agent's node; where that cannot be met, a message waits in the queue. */
  async #passOn (did: Did, asked: AgentRequest, path: string, request: IncomingMessage, response: ServerResponse, wait: () => Promise<void>): Promise<void> {
    const { queue } = this.#options
    if (await queue.takes(did, asked)) return await wait()
    const stop = new AbortController()
    response.once('close', () => stop.abort(new DOMException('the client left', 'AbortError')))
    let answer: PeerAnswer
    try {
      answer = await this.#call(did, asked, request, path, stop.signal)
    } catch (error) {
      if (stop.signal.aborted || !queue.queues(asked, error)) throw error
      return await wait()
    }
    await relay(answer, response)
  }

  async #answerFromQueue (node: Did, asked: AgentRequest, shownAs: string | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { queue, board } = this.#options
    const taskId = queue.taskIdOf(node, asked)
    if (shownAs !== undefined && taskId !== undefined) board.isQueued(shownAs, { node, agent: asked.agent }, taskId)
    await queue.answer(node, asked, request, response)
  }

  /** As another node's would, for an agent of this one. */
  #answerHere (request: IncomingMessage, response: ServerResponse, path: string): void {
    request.url = path
    request.headers = { ...pick(request.headers, passedOn), 'x-akshi-peer': this.#options.own }
    this.#options.local(request, response)
  }

  async #call (did: Did, { bytes }: Pick<AgentRequest, 'bytes'>, { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>, path: string, signal: AbortSignal): Promise<PeerAnswer> {
    // An agent may take its time: the client leaves when it has waited long enough.
    const answer = await this.#options.peerCalls.call(did, { method: method as 'GET' | 'POST' | 'DELETE', path, headers: pick(headers, passedOn), answerWithinMs: 0, ...bytes !== undefined && { body: bytes } }, signal)
    return await refusedByNode(answer, did)
  }

  async #sendCard ({ agent }: AgentRequest, did: Did, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { own, peerBook, announced, baseUrl } = this.#options
    const announcement = did === own ? announced() : peerBook.get(did)?.announcement
    const bytes = did === own ? await this.#ownCard(agent) : await this.#fetchCard(did, agent)
    const sdk = await loadSdk()
    const card = await verifyCard(sdk, bytes, did, agent, announcedAgents(announcement).find(({ name }) => name === agent))
    const version = request.headers['a2a-version']
    const body = Buffer.from(JSON.stringify(cardJson(sdk, localCard(card, baseOf(baseUrl() ?? '', did, agent), { node: did, agent, bytes }), version === undefined ? undefined : String(version))))
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, 'cache-control': 'no-store', vary: 'A2A-Version' }).end(body)
  }

  async #fetchCard (did: Did, agent: string): Promise<Uint8Array> {
    const answer = await this.#call(did, {}, { method: 'GET', headers: {} }, `${meshPath}/${agent}/card`, AbortSignal.timeout(cardTimeoutMs))
    const bytes = await readAll(answer.body, maxCardBytes)
    if (answer.status === 200) return bytes
    throw new Refusal(502, 'UNAVAILABLE', `Node ${did} answered ${answer.status} for the card of "${agent}".`)
  }

  async #ownCard (agent: string): Promise<Uint8Array> {
    const bytes = await this.#options.ownCard(agent)
    if (bytes === undefined) throw new Refusal(404, 'NOT_FOUND', `This node has no agent "${agent.slice(0, 64)}" that takes messages. To see who is there, run: akshi agents`, { reason: 'AGENT_UNKNOWN' })
    return bytes
  }

  #requireKnown (did: Did): void {
    const { own, peerBook } = this.#options
    const peer = did === own ? undefined : peerBook.get(did)
    if (did !== own && peer === undefined) throw new Refusal(404, 'NOT_FOUND', `No node ${did} is known here. To see who is, run: akshi peers`, { reason: 'MESH_PEER_UNKNOWN' })
    if (peer !== undefined && peer.trust !== 'trusted') throw new Refusal(403, 'PERMISSION_DENIED', `Node ${did} is not trusted here, so it gets no messages. If it should, run: akshi trust ${did}`, { reason: 'MESH_NOT_TRUSTED' })
  }
}

const cardTimeoutMs = 10_000
const maxCardBytes = 1_048_576

async function relay ({ status, headers, body }: PeerAnswer, response: ServerResponse): Promise<void> {
  response.writeHead(status, pick(headers, passedBack))
  response.flushHeaders()
  try {
    await pipeline(Readable.from(body, { objectMode: false }), response)
  } catch (error) {
    // Who stops listening needs no answer; an agent whose node is gone has its stream cut off.
    if (!response.destroyed) response.destroy(error as Error)
  }
}

/** What the other node refuses, be it before or after its A2A plugin is asked, becomes an error for this request. */
async function refusedByNode (answer: PeerAnswer, did: Did): Promise<PeerAnswer> {
  if (answer.status < 400 || !answer.headers['content-type']?.startsWith('application/json')) return answer
  const bytes = await readAll(answer.body, maxCardBytes)
  const body = parse(bytes)
  const retryAfter = Number(answer.headers['retry-after'] ?? Number.NaN)
  const retryAfterSecs = Number.isFinite(retryAfter) ? retryAfter : undefined
  const refusal = refusalFrom(body, answer.status, retryAfterSecs) ?? plainRefusal(body, did, answer.status, retryAfterSecs)
  if (refusal !== undefined) throw refusal
  return { ...answer, body: once(bytes) }
}

/** As plugin-http and the local API of a node answer: `{"error": code, "detail": text}`. */
function plainRefusal (body: unknown, did: Did, status: number, retryAfterSecs: number | undefined): Refusal | undefined {
  const code = fieldOf(body, 'error')
  if (typeof code !== 'string') return undefined
  const rpcStatus = status === 404 ? 'NOT_FOUND' : status === 401 || status === 403 ? 'PERMISSION_DENIED' : status === 429 ? 'RESOURCE_EXHAUSTED' : 'UNAVAILABLE'
  return new Refusal(status, rpcStatus, `Node ${did} refuses: ${String(fieldOf(body, 'detail'))}`, { reason: code, ...retryAfterSecs !== undefined && { retryAfterSecs } })
}

async function readAll (body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > maxBytes) throw new Refusal(502, 'UNAVAILABLE', 'The answer of the agent\'s node is too large.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

async function * once (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function parse (bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return undefined
  }
}

function pick (headers: Readonly<Record<string, string | string[] | undefined>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => typeof headers[name] === 'string' ? [[name, headers[name]]] : []))
}
