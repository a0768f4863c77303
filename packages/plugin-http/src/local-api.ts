import type { IncomingMessage, RequestListener } from 'node:http'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { isMeshError, maxRequestBytes, systemClock, type Clock, type Logger, type NodeControl } from '@akshi/core'
import { addJournalRoutes } from './local-journals.ts'
import { sendEvents } from './local-events.ts'
import { metricsOf, metricsType } from './metrics.ts'
import { readAfter, readAgent, readPeer, readTrust } from './local-request.ts'
import { sendError, sendJson } from './reply.ts'
import { refuseMethod, RequestError } from './request-error.ts'

export interface LocalApiOptions {
  readonly control: NodeControl
  readonly logger: Logger
  /** For the signs of life of answers that never end. */
  readonly clock?: Clock
  /** Throws RequestError unless the request is the operator's. */
  readonly admit: (request: IncomingMessage) => void
  /** Gets every request that is not for the local API, unread. */
  readonly otherwise: RequestListener
}

type Answer = (request: express.Request) => unknown

/** What the CLI and the page use: `NodeControl` as JSON, for the operator alone. Behind the mesh routes, on express. */
export function localApi ({ control, logger, clock = systemClock, admit, otherwise }: LocalApiOptions): Express {
  const app = express()
  app.disable('x-powered-by').disable('etag')
  const guard: RequestHandler = (request, _response, next) => {
    admit(request)
    next()
  }
  const json = express.json({ limit: maxRequestBytes, type: 'application/json' })
  const answer = (make: Answer): RequestHandler => async (request, response) => sendJson(response, 200, await make(request))
  const get = (path: string, make: Answer) => app.route(path).all(guard).get(answer(make)).all(noOther('GET, HEAD'))
  const post = (path: string, make: Answer) => app.route(path).all(guard).post(json, answer(make)).all(noOther('POST'))

  get('/api/v1/status', () => control.status())
  get('/api/v1/peers', () => control.peers())
  get('/api/v1/why', ({ query }) => control.why(readPeer(query)))
  get('/api/v1/doctor', () => control.doctor())
  get('/api/v1/journals', () => control.journals())
  get('/api/v1/sync/convergence', ({ query }) => control.convergence(readAgent(query)))
  app.route('/api/v1/metrics').all(guard).get((_request, response) => { response.type(metricsType).send(metricsOf(control.status())) }).all(noOther('GET, HEAD'))
  post('/api/v1/trust', ({ body }) => control.trust(readTrust(body)))
  post('/api/v1/untrust', ({ body }) => control.untrust(readTrust(body)))
  app.route('/api/v1/events').all(guard).get((request, response) => sendEvents(response, control, readAfter(request), clock)).all(noOther('GET'))
  addJournalRoutes(app, control, clock, { guard, noOther })
  app.use((request, response) => otherwise(request, response))
  app.use(failed(logger))
  return app
}

function noOther (allow: string): RequestHandler {
  return ({ method }) => { throw refuseMethod(method, allow) }
}

/** What express and its body parser throw carries a status; everything else is ours. */
function failed (logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    const { status, message } = error as { readonly status?: unknown, readonly message?: unknown }
    const isTheirs = !isMeshError(error) && typeof status === 'number' && status >= 400 && status < 500
    sendError(response, isTheirs ? new RequestError(status, 'MESH_REQUEST_INVALID', `The request cannot be read: ${String(message)}.`, {}, { cause: error }) : error, logger)
  }
}
