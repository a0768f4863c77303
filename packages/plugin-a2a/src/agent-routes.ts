import type { IncomingMessage, RequestListener } from 'node:http'
import type { Did } from '@akshi/core'
import type { A2ARequestHandler } from '@a2a-js/sdk/server'
import type { ErrorRequestHandler } from 'express'
import { sendRefusal, Refusal } from './refusal.ts'
import { userOf } from './caller-user.ts'
import type { Sdk } from './sdk.ts'

/** `rpc` and `rest` of one agent by the SDK, in A2A 1.0 and 0.3. */
export function agentRoutes (requestHandler: A2ARequestHandler, { web, express }: Sdk, maxBytes: number): RequestListener {
  const app = express()
  app.disable('x-powered-by').disable('etag')
  const userBuilder = async ({ headers }: IncomingMessage) => userOf(headers['x-akshi-peer'] as Did)
  const common = { requestHandler, userBuilder, legacyCompat: { enabled: true } }
  app.use((request, _response, next) => {
    ignorePatch(request)
    next()
  })
  // The SDK's own parser stops at 100 KB, and leaves alone what is parsed already.
  app.use(express.json({ limit: maxBytes, strict: false, type: ['application/json', 'application/a2a+json'] }), unreadable)
  app.use('/rpc', web.jsonRpcHandler(common))
  app.use('/rest', web.restHandler(common))
  app.use((request, response) => sendRefusal(request, response, new Refusal(404, 'NOT_FOUND', `There is nothing at ${request.path.slice(0, 200)} of this agent; it has rpc, rest and card.`)))
  return app
}

/** A2A 1.0 says that a patch number means nothing; the SDK refuses one. */
function ignorePatch ({ headers }: IncomingMessage): void {
  const version = headers['a2a-version']
  if (typeof version === 'string') headers['a2a-version'] = version.replace(/^(\d+\.\d+)\.\d+$/, '$1')
}

const unreadable: ErrorRequestHandler = (error: { readonly status?: number, readonly message: string }, request, response, _next) => {
  const refusal = error.status === 413 ? Refusal.tooLarge() : new Refusal(400, 'INVALID_ARGUMENT', `The body cannot be read: ${error.message}.`, { rpcCode: -32700 })
  sendRefusal(request, response, refusal)
}
