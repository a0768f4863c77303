import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Did, Logger } from '@akshi/core'
import type { AgentHost } from './agent-host.ts'
import { isAllowed } from './agent-definition.ts'
import { Refusal, sendRefusal } from './refusal.ts'

/** Where a node's agents answer other nodes. */
export const meshPath = '/mesh/v1/a2a'

export interface MeshRoutesOptions {
  readonly host: AgentHost
  readonly own: Did
  readonly logger: Logger
}

/** `/mesh/v1/a2a/<agent>/{card,rpc,rest}` for trusted peers, and for this node's own gateway. Who calls is in `x-akshi-peer`. */
export function meshRoutes ({ host, own, logger }: MeshRoutesOptions): RequestListener {
  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const refusal = Refusal.from(error)
      if (refusal === undefined) logger.error('a request for an agent failed', { error: String(error) })
      sendRefusal(request, response, refusal ?? new Refusal(500, 'INTERNAL', 'This node failed to answer; its log says why.'))
    })
  }

  async function answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, name = '', rest = ''] = /^\/mesh\/v1\/a2a\/([^/?]*)(.*)$/.exec(request.url ?? '') ?? []
    await host.ready()
    const agent = host.get(name)
    if (agent === undefined) throw new Refusal(404, 'NOT_FOUND', `Node ${own} has no agent "${name.slice(0, 64)}" that takes messages. To see who is there, run: akshi agents`, { reason: 'AGENT_UNKNOWN' })
    if (!isAllowed(agent.definition, request.headers['x-akshi-peer'] as Did, own)) {
      throw new Refusal(403, 'PERMISSION_DENIED', `Agent "${name}" does not take messages from ${request.headers['x-akshi-peer']}. Its node can let it: add the DID to "allow" of the agent.`, { reason: 'AGENT_NOT_ALLOWED' })
    }
    if (rest.split('?', 1)[0] === '/card') return sendCard(response, agent.card.bytes)
    request.url = rest === '' ? '/' : rest
    agent.listener(request, response)
  }
}

function sendCard (response: ServerResponse, bytes: Uint8Array): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length, 'cache-control': 'no-store' })
  response.end(bytes)
}
