import type { AgentCard, Message, SendMessageRequest, StreamResponse, Task } from '@a2a-js/sdk'
import type { Client } from '@a2a-js/sdk/client'
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server'
import { describeError, MeshError } from '@akshi/core'
import type { Sdk } from './sdk.ts'

/** Under this key of its metadata a task says which task of the agent's own server it stands for. */
export const upstreamKey = 'akshi.upstream'

interface Upstream {
  readonly taskId: string
  readonly contextId: string
}

/**
 * An agent behind an A2A server of any kind, by the SDK's client: JSON-RPC or REST, 1.0 or 0.3, as its card says. Its tasks are kept
 * here under ids of this node, so that a caller sees its own tasks only, and a message gets there once. The DID of the caller goes
 * along in `x-akshi-peer`.
 */
export class UpstreamExecutor implements AgentExecutor {
  readonly #url: URL
  readonly #sdk: Sdk
  readonly #upstreams = new Map<string, Upstream>()
  #client: Promise<Client> | undefined

  constructor (url: URL, sdk: Sdk) {
    this.#url = url
    this.#sdk = sdk
  }

  /** The card of the agent's own server, fetched now. Rejects when it does not answer. */
  async card (signal?: AbortSignal): Promise<AgentCard> {
    const fetchImpl: typeof fetch = (input, init) => fetch(input, { ...init, ...signal !== undefined && { signal } })
    return await new this.#sdk.client.DefaultAgentCardResolver({ legacyCompat: { enabled: true }, fetchImpl }).resolve(folderOf(this.#url))
  }

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    try {
      const client = await this.#connect()
      const events = client.sendMessageStream(requestFor(request, upstreamOf(request.task)), { serviceParameters: callerOf(request) })
      for await (const event of events) this.#publish(event, request, bus)
    } catch (error) {
      // It may have another port or card by now.
      this.#client = undefined
      throw new MeshError('MESH_SEND_FAILED', `its server does not answer as it should: ${describeError(error)}`, { cause: error })
    } finally {
      this.#upstreams.delete(request.taskId)
    }
  }

  readonly cancelTask = async (taskId: string, bus: ExecutionEventBus): Promise<void> => {
    const upstream = this.#upstreams.get(taskId)
    if (upstream === undefined) throw new this.#sdk.errors.TaskNotCancelableError(`Task not cancelable: ${taskId}`)
    const { status } = await (await this.#connect()).cancelTask({ tenant: '', id: upstream.taskId, metadata: undefined })
    // A stream of the same task may have said so already; to say it twice does no harm.
    bus.publish({ kind: 'statusUpdate', data: { taskId, contextId: upstream.contextId, status, metadata: undefined } })
  }

  #publish ({ payload }: StreamResponse, request: RequestContext, bus: ExecutionEventBus): void {
    const own = { taskId: request.taskId, contextId: request.contextId }
    switch (payload?.$case) {
      case 'message': return bus.publish({ kind: 'message', data: { ...payload.value, contextId: own.contextId, taskId: '' } })
      case 'task': {
        const upstream = { taskId: payload.value.id, contextId: payload.value.contextId }
        this.#upstreams.set(own.taskId, { taskId: upstream.taskId, contextId: own.contextId })
        return bus.publish({ kind: 'task', data: ownTask(payload.value, request, upstream) })
      }
      case 'statusUpdate': return bus.publish({ kind: 'statusUpdate', data: { ...payload.value, ...own } })
      case 'artifactUpdate': return bus.publish({ kind: 'artifactUpdate', data: { ...payload.value, ...own } })
      case undefined:
    }
  }

  #connect (): Promise<Client> {
    const connecting = this.#client ?? this.#makeClient()
    this.#client = connecting
    connecting.catch(() => { if (this.#client === connecting) this.#client = undefined })
    return connecting
  }

  async #makeClient (): Promise<Client> {
    const { ClientFactory, JsonRpcTransportFactory, RestTransportFactory } = this.#sdk.client
    const legacyCompat = { enabled: true }
    const card = await this.card()
    // A card of anywhere must not lead messages to another host than the operator has allowed.
    const supportedInterfaces = card.supportedInterfaces.filter(({ url }) => URL.canParse(url) && new URL(url).host === this.#url.host)
    const factory = new ClientFactory({ transports: [new JsonRpcTransportFactory({ legacyCompat }), new RestTransportFactory({ legacyCompat })] })
    return await factory.createFromAgentCard({ ...card, supportedInterfaces })
  }
}

function callerOf ({ context }: RequestContext): Record<string, string> {
  return { 'x-akshi-peer': context.user?.userName ?? '' }
}

function requestFor ({ request, userMessage }: RequestContext, known: Upstream | undefined): SendMessageRequest {
  const message: Message = { ...userMessage, taskId: known?.taskId ?? '', contextId: known?.contextId ?? userMessage.contextId, referenceTaskIds: [] }
  const configuration = request.configuration === undefined ? undefined : { ...request.configuration, taskPushNotificationConfig: undefined, returnImmediately: false }
  return { tenant: '', message, configuration, metadata: request.metadata }
}

function ownTask (task: Task, { taskId, contextId, userMessage, task: before }: RequestContext, upstream: Upstream): Task {
  const history = task.history.length > 0 ? task.history : before?.history ?? [userMessage]
  return { ...task, id: taskId, contextId, history: history.map((message) => ({ ...message, taskId, contextId })), metadata: { ...task.metadata, [upstreamKey]: upstream } }
}

function upstreamOf (task: Task | undefined): Upstream | undefined {
  return task?.metadata?.[upstreamKey] as Upstream | undefined
}

/** The SDK looks for a card beside a URL that has no slash at its end. */
function folderOf (url: URL): string {
  return url.href.endsWith('/') ? url.href : `${url.href}/`
}
