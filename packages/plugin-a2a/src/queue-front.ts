import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { isMeshError, type Clock, type Did } from '@akshi/core'
import { agentRoutes } from './agent-routes.ts'
import type { AgentRequest } from './agent-request.ts'
import type { Courier } from './courier.ts'
import { fieldOf } from './json-field.ts'
import { showLife } from './life-signs.ts'
import type { MessageQueue } from './message-queue.ts'
import { QueuedAgent } from './queued-agent.ts'
import { isLocalTaskId, laneOf, localTaskId } from './queued-message.ts'
import { loadSdk } from './sdk.ts'

export interface QueueFrontOptions {
  readonly own: Did
  readonly queue: () => Promise<MessageQueue>
  readonly courier: () => Promise<Courier>
  /** 0: nothing is queued. */
  readonly lifeMs: number
  readonly maxMessageBytes: number
  readonly clock: Clock
}

/** Of what fits into a letter. */
const maxQueuedBytes = 700_000
const waitMs = 25_000
const maxRoutes = 64

/** Decides which requests of A2A clients are answered from the queue, and answers them. */
export class QueueFront {
  readonly #options: QueueFrontOptions
  readonly #routes = new Map<string, RequestListener>()

  constructor (options: QueueFrontOptions) {
    this.#options = options
  }

  /** Whether a request is about something that is queued: a task that lives here, a message that is known, or one that would overtake others. */
  async takes (node: Did, request: AgentRequest): Promise<boolean> {
    if (namesLocalTask(request)) return true
    const messageId = request.isSend ? messageIdOf(request) : undefined
    if (messageId === undefined || this.#options.lifeMs === 0) return false
    const queue = await this.#options.queue()
    return queue.find({ node, agent: request.agent, messageId }) !== undefined || (fits(request) && queue.waiting(laneOf({ node, agent: request.agent })).length > 0)
  }

  /** Whether a request that failed is a message that may wait. */
  queues (request: AgentRequest, error: unknown): boolean {
    const isAway = isMeshError(error, 'MESH_PEER_UNREACHABLE') || isMeshError(error, 'MESH_SEND_FAILED') || isMeshError(error, 'MESH_PEER_MISMATCH')
    return isAway && this.#options.lifeMs > 0 && request.isSend && fits(request)
  }

  /** The id of the task that a message has when it is queued. */
  taskIdOf (node: Did, request: AgentRequest): string | undefined {
    const [messageId, taskId] = [messageIdOf(request), fieldOf(messageOf(request), 'taskId')]
    if (isLocalTaskId(taskId)) return taskId
    return messageId === undefined ? undefined : localTaskId({ node, agent: request.agent, messageId })
  }

  async answer (node: Did, { agent, path, query }: AgentRequest, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const routes = await this.#routesTo(node, agent)
    request.url = `/${path}${query}`
    request.headers['x-akshi-peer'] = this.#options.own
    showLife(response, this.#options.clock)                                          // it may wait for a day
    routes(request, response)
  }

  async #routesTo (node: Did, agent: string): Promise<RequestListener> {
    const key = `${node} ${agent}`
    const known = this.#routes.get(key)
    if (known !== undefined) return known
    const { queue, courier, lifeMs, maxMessageBytes, clock } = this.#options
    const sdk = await loadSdk()
    const queued = new QueuedAgent({ node, agent, queue: await queue(), courier: await courier(), sdk, lifeMs, waitMs, newId: randomUUID, clock })
    const routes = agentRoutes(queued.handler(), sdk, maxMessageBytes)
    this.#routes.set(key, routes)
    for (const oldest of this.#routes.keys()) {
      if (this.#routes.size <= maxRoutes) break
      this.#routes.delete(oldest)
    }
    return routes
  }
}

function fits ({ bytes }: AgentRequest): boolean {
  return (bytes?.length ?? 0) <= maxQueuedBytes
}

function messageIdOf (request: AgentRequest): string | undefined {
  const id = fieldOf(messageOf(request), 'messageId')
  return typeof id === 'string' ? id : undefined
}

function messageOf ({ body }: AgentRequest): unknown {
  return fieldOf(fieldOf(body, 'params') ?? body, 'message')
}

function namesLocalTask (request: AgentRequest): boolean {
  const params = fieldOf(request.body, 'params')
  const inPath = /(?:^|\/)tasks\/([^/:?]+)/.exec(request.path)?.[1]
  return [inPath, fieldOf(params, 'id'), fieldOf(messageOf(request), 'taskId')].some(isLocalTaskId)
}
