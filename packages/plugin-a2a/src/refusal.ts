import type { IncomingMessage, ServerResponse } from 'node:http'
import { isMeshError } from '@akshi/core'
import { fieldOf } from './json-field.ts'

/** Names of google.rpc.Code, as REST errors of A2A 1.0 have them. */
export type RpcStatus = 'INVALID_ARGUMENT' | 'NOT_FOUND' | 'PERMISSION_DENIED' | 'FAILED_PRECONDITION' | 'RESOURCE_EXHAUSTED' | 'UNAVAILABLE' | 'INTERNAL'

export interface RefusalOptions {
  /** Of JSON-RPC. Default: -32603, internal error, which clients show with its message. */
  readonly rpcCode?: number
  readonly retryAfterSecs?: number
  /** A code of the mesh, for programs. */
  readonly reason?: string
}

/** What a gateway or an agent's node answers in place of the agent, in the form that A2A clients expect. */
export class Refusal extends Error {
  readonly status: number
  readonly rpcStatus: RpcStatus
  readonly options: RefusalOptions

  constructor (status: number, rpcStatus: RpcStatus, message: string, options: RefusalOptions = {}) {
    super(message)
    this.status = status
    this.rpcStatus = rpcStatus
    this.options = options
  }

  static tooLarge (): Refusal {
    return new Refusal(413, 'RESOURCE_EXHAUSTED', 'The message is larger than this node takes (max_message_bytes of @akshi/plugin-a2a). Send less, or a URL of it.', { rpcCode: -32600 })
  }

  /** Whatever was thrown, as a refusal; `undefined` for what nobody foresaw. */
  static from (error: unknown): Refusal | undefined {
    if (error instanceof Refusal) return error
    if (!isMeshError(error)) return undefined
    const [status, rpcStatus, retryAfterSecs] = known[error.code] ?? [500, 'INTERNAL']
    return new Refusal(status, rpcStatus, error.message, { reason: error.code, ...retryAfterSecs !== undefined && { retryAfterSecs }, ...status === 422 && { rpcCode: -32600 } })
  }
}

const domain = 'akshi-mesh'

const known: Readonly<Record<string, readonly [status: number, rpcStatus: RpcStatus, retryAfterSecs?: number]>> = {
  MESH_DID_INVALID: [400, 'INVALID_ARGUMENT'],
  MESH_PEER_UNKNOWN: [404, 'NOT_FOUND'],
  MESH_NOT_TRUSTED: [403, 'PERMISSION_DENIED'],
  MESH_PEER_UNREACHABLE: [503, 'UNAVAILABLE', 5],
  MESH_PEER_MISMATCH: [502, 'UNAVAILABLE', 5],
  MESH_SEND_FAILED: [502, 'UNAVAILABLE', 1],
  MESH_TRANSPORT_NONE: [503, 'UNAVAILABLE'],
  MESH_NOT_RUNNING: [503, 'UNAVAILABLE', 5],
  MESH_RATE_LIMITED: [429, 'RESOURCE_EXHAUSTED', 60],
  MESH_DISK_FAILED: [503, 'UNAVAILABLE', 60],
  MESH_WRITE_VETOED: [422, 'FAILED_PRECONDITION'],
  MESH_HOOK_FAILED: [422, 'FAILED_PRECONDITION']
}

type Parsed = IncomingMessage & { readonly body?: unknown, readonly originalUrl?: string }

/**
 * Answers a request for an agent: with a JSON-RPC error object at `rpc`, and a google.rpc.Status elsewhere. An answer under way is cut
 * off instead.
 */
export function sendRefusal (request: Parsed, response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const isRpc = /\/rpc\/?$/.test((request.originalUrl ?? request.url ?? '').split('?', 1)[0] ?? '')
  const body = Buffer.from(JSON.stringify(isRpc ? rpcError(refusal, idOf(request.body)) : restError(refusal)))
  const { retryAfterSecs } = refusal.options
  response.writeHead(refusal.status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'cache-control': 'no-store',
    ...retryAfterSecs !== undefined && { 'retry-after': String(retryAfterSecs) },
    // A body that was not read whole cannot be followed by another request.
    ...!request.complete && { connection: 'close' }
  })
  response.end(body)
  if (!request.complete) request.resume()
}

/** A refusal of another node, from the body of its answer; `undefined` for anything else. */
export function refusalFrom (body: unknown, status: number, retryAfterSecs: number | undefined): Refusal | undefined {
  const error = fieldOf(body, 'error')
  const details = fieldOf(error, 'data') ?? fieldOf(error, 'details')
  const detail: unknown = Array.isArray(details) ? details[0] : undefined
  if (fieldOf(detail, 'domain') !== domain) return undefined
  const code = Number(fieldOf(error, 'code'))
  return new Refusal(status, String(fieldOf(fieldOf(detail, 'metadata'), 'status')) as RpcStatus, String(fieldOf(error, 'message')), {
    reason: String(fieldOf(detail, 'reason')),
    ...code < 0 && { rpcCode: code },
    ...retryAfterSecs !== undefined && { retryAfterSecs }
  })
}

function rpcError ({ message, rpcStatus, options }: Refusal, id: unknown): object {
  return { jsonrpc: '2.0', id, error: { code: options.rpcCode ?? -32603, message, data: [detail(rpcStatus, options)] } }
}

function restError ({ status, rpcStatus, message, options }: Refusal): object {
  return { error: { code: status, status: rpcStatus, message, details: [detail(rpcStatus, options)] } }
}

function detail (rpcStatus: RpcStatus, { reason = rpcStatus }: RefusalOptions): object {
  return { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain, metadata: { status: rpcStatus } }
}

function idOf (body: unknown): unknown {
  const id = typeof body === 'object' && body !== null && 'id' in body ? body.id : null
  return typeof id === 'string' || typeof id === 'number' ? id : null
}
