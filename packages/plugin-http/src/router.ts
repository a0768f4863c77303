import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { isMeshError, type Announcer, type EnvelopeReceiver, type HttpRoutes, type NodeControl } from '@akshi/core'
import { Admission, type AdmissionOptions } from './admission.ts'
import { callerOf } from './caller.ts'
import { localApi } from './local-api.ts'
import { meshRoutes, type MeshRoute, type MeshRoutes } from './mesh-routes.ts'
import { sendError, sendJson } from './reply.ts'
import { badRequest, refuseMethod, RequestError } from './request-error.ts'

export interface RouterOptions extends AdmissionOptions {
  readonly announcer: Announcer
  readonly control: NodeControl
  readonly httpRoutes: HttpRoutes
}

/**
 * Finds the route that answers a request: what is open to all, then mesh routes, then the local API, then what other
 * plugins mounted.
 */
export class Router {
  readonly #options: RouterOptions
  readonly #admission: Admission
  readonly #mesh: MeshRoutes
  readonly #local: RequestListener

  constructor (receiver: EnvelopeReceiver, options: RouterOptions) {
    const { control, logger, settings: { meshId } } = options
    this.#options = options
    this.#admission = new Admission(receiver, options)
    this.#mesh = meshRoutes({ receiver, control, meshId })
    this.#local = localApi({
      control,
      logger,
      admit: (request) => this.#admission.admitOperator(request),
      otherwise: (request, response) => this.#answerMounted(request, response)
    })
  }

  /** Answers a request, whatever it is. Returns at once and never throws. */
  readonly handle: RequestListener = (request, response) => {
    this.#route(request, response).catch((error: unknown) => {
      if (!response.destroyed) sendError(response, error, this.#options.logger)
    })
  }

  async #route (request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#admission.count(request, response)
    const { pathname } = urlOf(request)
    if (pathname === '/api/v1/health') return answerGet(request, response, { status: 'ok' })
    if (pathname === '/.well-known/akshi-node') return answerGet(request, response, this.#describeNode())
    const methods = this.#mesh.get(pathname)
    // The operator asks for convergence too, with the token instead of a certificate.
    const isOperators = pathname === '/api/v1/sync/convergence' && callerOf(request).did === undefined
    if (methods !== undefined && !isOperators) return await this.#answerPeer(request, response, methods)
    this.#local(request, response)
  }

  async #answerPeer (request: IncomingMessage, response: ServerResponse, methods: Readonly<Partial<Record<string, MeshRoute>>>): Promise<void> {
    const peer = this.#admission.admitPeer(request)
    const { pathname, searchParams: query } = urlOf(request)
    const route = methods[request.method ?? '']
    if (route === undefined) throw refuseMethod(request.method, Object.keys(methods).join(', '))
    try {
      await route({ request, response, peer, query })
    } catch (error) {
      if (isMeshError(error)) this.#options.logger.warnOnce(`http-refused:${peer}:${error.code}`, 'refused a request of a peer', { peer, path: pathname, reason: error.message })
      throw error
    }
  }

  /** Their listeners find the proven DID of the caller, trusted or not, in `x-akshi-peer`: nobody else can set it. */
  #answerMounted (request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = urlOf(request)
    const mounted = this.#options.httpRoutes.find(pathname)
    if (mounted === undefined) throw new RequestError(404, 'MESH_REQUEST_INVALID', `There is nothing at ${pathname.slice(0, 200)}.`)
    if (mounted.access === 'mesh') this.#admission.admitPeer(request)
    if (mounted.access === 'local') this.#admission.admitOperator(request)
    const { did } = callerOf(request)
    delete request.headers['x-akshi-peer']
    if (did !== undefined) request.headers['x-akshi-peer'] = did
    mounted.listener(request, response)
  }

  #describeNode (): object {
    const { identity, settings: { name, version }, announcer } = this.#options
    return { did: identity.did, name, version, announcement: Buffer.from(announcer.current().bytes).toString('base64'), api: '/api/v1' }
  }
}

function answerGet (request: IncomingMessage, response: ServerResponse, value: unknown): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw refuseMethod(request.method, 'GET, HEAD')
  sendJson(response, 200, value)
}

function urlOf ({ url = '/' }: IncomingMessage): URL {
  try {
    return new URL(url.startsWith('/') ? `http://node${url}` : url)
  } catch (cause) {
    throw badRequest('The request target is not a URL.', cause)
  }
}
