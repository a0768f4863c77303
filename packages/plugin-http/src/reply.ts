import type { ServerResponse } from 'node:http'
import { describeError, isMeshError, maxRequestBytes, type Logger } from '@akshi/core'
import { RequestError, statusOf } from './request-error.ts'

const jsonType = 'application/json; charset=utf-8'
const maxDiscardBytes = 2 * maxRequestBytes

/** Answers with JSON. Nothing here may be cached: it is different at each request and often nobody else's business. */
export function sendJson (response: ServerResponse, status: number, value: unknown): void {
  response.end(writeHead(response, status, jsonType, Buffer.from(JSON.stringify(value))))
}

/** Answers 200 with bytes of this type. */
export function sendBytes (response: ServerResponse, type: string, bytes: Uint8Array): void {
  response.end(writeHead(response, 200, type, bytes))
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
  const bytes = writeHead(response, status, jsonType, Buffer.from(JSON.stringify(body)))
  if (response.req.complete) response.end(bytes)
  else endAfterBody(response, bytes)
}

/**
 * Answers a request that is still coming in. To close at once, with bytes unread, would reset the connection, which can
 * take the answer with it. So the rest is thrown away as it comes, up to a bound; the port's time limit holds for it.
 */
function endAfterBody (response: ServerResponse, bytes: Uint8Array): void {
  const { req: request } = response
  let size = 0
  response.shouldKeepAlive = false
  response.write(bytes)
  request.once('close', () => response.end())
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > maxDiscardBytes) request.destroy()
  }).resume()
}

function writeHead (response: ServerResponse, status: number, type: string, bytes: Uint8Array): Uint8Array {
  response.statusCode = status
  response.setHeader('content-type', type)
  response.setHeader('content-length', bytes.length)
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  return bytes
}
