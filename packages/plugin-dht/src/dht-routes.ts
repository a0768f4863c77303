import type { RequestListener, ServerResponse } from 'node:http'
import { isMeshError, parseDid } from '@akshi/core'
import type { DhtDiscovery } from './dht-discovery.ts'

/** `GET /api/v1/dht/status`, `/members` and `/lookup?did=`, for the operator. */
export function dhtRoutes (discovery: DhtDiscovery): RequestListener {
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://node')
    if (request.method !== 'GET') return send(response, 405, refusal('MESH_REQUEST_INVALID', 'Ask with GET.'))
    answer(discovery, pathname, searchParams).then((body) => send(response, body === undefined ? 404 : 200, body ?? refusal('MESH_REQUEST_INVALID', 'There are status, members and lookup.')), (error: unknown) => {
      if (!isMeshError(error)) return send(response, 500, refusal('MESH_SEND_FAILED', String(error)))
      send(response, statuses[error.code] ?? 500, refusal(error.code, error.message))
    })
  }
}

const statuses: Readonly<Record<string, number>> = { MESH_DID_INVALID: 400, MESH_NOT_RUNNING: 503, MESH_TIMEOUT: 504 }

async function answer (discovery: DhtDiscovery, pathname: string, query: URLSearchParams): Promise<unknown> {
  switch (pathname) {
    case '/api/v1/dht/status': return discovery.status()
    case '/api/v1/dht/members': return { members: discovery.members() }
    case '/api/v1/dht/lookup': return await discovery.lookup(parseDid(query.get('did') ?? ''))
  }
}

function refusal (error: string, detail: string): object {
  return { error, detail }
}

function send (response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, 'cache-control': 'no-store' }).end(bytes)
}
