import { once } from 'node:events'
import { request as requestPlain, type IncomingMessage } from 'node:http'
import { request as requestTls } from 'node:https'
import type { Identity } from '@akshi/core'
import { createCertificate } from '@akshi/plugin-http'

export interface Call {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Speaks TLS: as this node, with a certificate in PEM, or with none. */
  readonly as?: Identity | { readonly cert: string, readonly key: string } | 'nobody'
}

export interface Answer {
  readonly status: number
  readonly bytes: Buffer
  /** The body as JSON. */
  json<Body = { readonly error: string, readonly detail: string }> (): Body
}

/** One request to a port of 127.0.0.1, by Node's own client. Rejects when the connection ends without an answer. */
export async function exchange (port: number, path: string, { method = 'GET', headers = {}, body, as }: Call = {}): Promise<Answer> {
  const options = { host: '127.0.0.1', port, path, method, headers: { ...headers } }
  const request = as === undefined
    ? requestPlain(options)
    : requestTls({ ...options, ...credentials(as), agent: false, rejectUnauthorized: false })
  // A server that refuses a large body answers before it is all sent; the connection may break after that.
  let failure: unknown
  request.on('error', (error) => { failure = error })
  request.end(body)
  const [response] = await Promise.race([once(request, 'response'), closed(request, () => failure)]) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  return { status: response.statusCode ?? 0, bytes, json: () => JSON.parse(bytes.toString()) }
}

/** A JSON body with its header. */
export function json (value: unknown): Pick<Call, 'headers' | 'body'> {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

function credentials (as: Exclude<Call['as'], undefined>) {
  if (as === 'nobody') return {}
  if ('cert' in as) return as
  return { cert: createCertificate(as).pem, key: as.privateKey.export({ format: 'pem', type: 'pkcs8' }) }
}

async function closed (request: NodeJS.EventEmitter, failure: () => unknown): Promise<never> {
  await new Promise((resolve) => request.once('close', resolve))
  throw new Error('The connection ended without an answer', { cause: failure() })
}
