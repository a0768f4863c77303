import type { ServerResponse } from 'node:http'
import { describeError, isMeshError, type Logger } from '@akshi/core'
import { RequestError, statusOf } from './request-error.ts'

/** Answers with JSON. Nothing here may be cached: it is different at each request and often nobody else's business. */
export function sendJson (response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', Buffer.from(JSON.stringify(value)))
}

/** Answers 200 with bytes of this type. */
export function sendBytes (response: ServerResponse, type: string, bytes: Uint8Array): void {
  send(response, 200, type, bytes)
}

/**
 * Answers with `{"error": code, "detail": text}` for whatever was thrown. What is no `MeshError` is a fault of this
 * node: it is logged, and the caller learns nothing of it. An answer under way is cut off instead.
 */
export function sendError (response: ServerResponse, error: unknown, logger: Logger): void {
  const status = statusOf(error)
  if (status === 500) logger.error('a request failed', { error: describeError(error) })
  if (response.headersSent) {
    response.destroy()
    return
  }
  if (error instanceof RequestError) for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value)
  const body = isMeshError(error) && status !== 500
    ? { error: error.code, detail: error.message }
    : { error: 'MESH_SEND_FAILED', detail: 'This node failed to answer; its log says why.' }
  // The body of a refused request is not read, so nothing after it on this connection can be.
  if (!response.req.complete) response.shouldKeepAlive = false
  sendJson(response, status, body)
}

function send (response: ServerResponse, status: number, type: string, bytes: Uint8Array): void {
  response.statusCode = status
  response.setHeader('content-type', type)
  response.setHeader('content-length', bytes.length)
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  response.end(bytes)
}
