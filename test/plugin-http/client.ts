import { request as plainRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { connect, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import type { Identity } from '@akshi/core'
import { createCertificate } from '@akshi/plugin-http'
import { token } from './fixture.ts'

export interface Call {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Speaks TLS: with this node's certificate, or with none. */
  readonly as?: Identity | 'nobody'
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  /** The body as JSON, whatever it is. */
  json (): Record<string, unknown>
}

/** One request on a connection of its own, by Node's own client. */
export async function call (port: number, path: string, { method = 'GET', headers = {}, body, as }: Call = {}): Promise<Answer> {
  const options: RequestOptions = { host: '127.0.0.1', port, path, method, headers: { ...headers }, agent: false }
  const request = as === undefined ? plainRequest(options) : tlsRequest({ ...options, ...tlsOf(as) })
  request.on('error', () => {})                        // the server may stop reading once it has answered
  request.end(body)
  const [response] = await Promise.race([
    once(request, 'response'),
    once(request, 'close').then(() => { throw new Error('closed without an answer') })
  ]) as [import('node:http').IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  return { status: response.statusCode ?? 0, headers: response.headers, bytes, json: () => JSON.parse(bytes.toString()) as Record<string, unknown> }
}

/** As `call`, with the operator's token. */
export function operate (port: number, path: string, options: Call = {}): Promise<Answer> {
  return call(port, path, { ...options, headers: { authorization: `Bearer ${token}`, ...options.headers } })
}

/** A JSON body and the header for it. */
export function json (value: unknown): Pick<Call, 'method' | 'headers' | 'body'> {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

/** A TLS connection as this node. */
export async function dialTls (port: number, as: Identity, session?: Buffer): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ...tlsOf(as), ...(session === undefined ? {} : { session }) })
  await once(socket, 'secureConnect')
  return socket
}

function tlsOf (as: Identity | 'nobody') {
  const own = as === 'nobody' ? {} : { cert: createCertificate(as).pem, key: as.privateKey.export({ format: 'pem', type: 'pkcs8' }) }
  return { ...own, rejectUnauthorized: false }
}
