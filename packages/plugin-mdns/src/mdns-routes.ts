import type { RequestListener } from 'node:http'
import type { MdnsStatus } from './mdns-status.ts'

/** `GET /api/v1/mdns/status`, for the operator. */
export function mdnsRoutes (status: () => MdnsStatus): RequestListener {
  return ({ method, url = '/' }, response) => {
    const isStatus = new URL(url, 'http://node').pathname === '/api/v1/mdns/status'
    const [code, body] = method !== 'GET' ? [405, refusal('Ask with GET.')] : isStatus ? [200, status()] : [404, refusal('There is status.')]
    const bytes = Buffer.from(JSON.stringify(body))
    response.writeHead(code, { 'content-type': 'application/json', 'content-length': bytes.length, 'cache-control': 'no-store' }).end(bytes)
  }
}

function refusal (detail: string): object {
  return { error: 'MESH_REQUEST_INVALID', detail }
}
