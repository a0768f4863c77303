import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Checks } from '../checks.ts'
import type { MeshErrorCode } from '../errors.ts'
import type { HttpRoutes } from '../http-routes.ts'
import type { Messages } from '../messages/messages.ts'
import { isThenable, type Bulkhead } from './bulkhead.ts'

/** The tokens by which a plugin is called back later. */
export interface CallbackTokens {
  readonly httpRoutes: HttpRoutes
  readonly checks: Checks
  readonly messages: Messages
}

/** The same tokens for one plugin: what it hands over is called through its bulkhead. */
export function guardTokens ({ httpRoutes, checks, messages }: CallbackTokens, bulkhead: Bulkhead): CallbackTokens {
  return {
    httpRoutes: httpRoutes.through((route) => ({ ...route, listener: guardListener(bulkhead, `route ${route.path}`, route.listener) })),
    checks: checks.through((topic, check) => (signal) => bulkhead.isClosed ? [] : bulkhead.run(`check ${topic}`, () => check(signal))),
    messages: {
      send: (to, payload, expiresAt) => messages.send(to, payload, expiresAt),
      receive: (take) => messages.receive(async (message) => await bulkhead.run('messages.receive', () => take(message)))
    }
  }
}

/** Whoever asks gets an answer, though the listener throws or rejects, or its plugin does not run any more. */
function guardListener (bulkhead: Bulkhead, what: string, listener: RequestListener): RequestListener {
  return (request, response) => {
    const failed = () => answer(request, response, 500, 'MESH_SEND_FAILED', `${bulkhead.title} failed to answer; the log of this node says why.`)
    if (bulkhead.isClosed) return answer(request, response, 503, 'MESH_NOT_RUNNING', `${bulkhead.title} does not run any more: ${bulkhead.reason ?? ''}`)
    let hasReturned = false
    const result: unknown = bulkhead.contain(what, () => {
      const given = listener(request, response)
      hasReturned = true
      return given
    })
    if (!hasReturned) failed()
    else if (isThenable(result)) result.then(undefined, failed)
  }
}

function answer (request: IncomingMessage, response: ServerResponse, status: number, error: MeshErrorCode, detail: string): void {
  request.resume()
  if (response.headersSent) response.destroy()
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error, detail }))
}
