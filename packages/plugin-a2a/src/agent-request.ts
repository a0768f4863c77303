import type { IncomingMessage } from 'node:http'
import { fieldOf } from './json-field.ts'
import { Refusal } from './refusal.ts'

/** A request of an A2A client to this node's gateway. */
export interface AgentRequest {
  /** As in the path: a DID, if it is one. */
  readonly node: string
  readonly agent: string
  /** What follows the agent's base, without a slash: `rpc`, `rest/...` or the card's. */
  readonly path: string
  /** With its question mark. */
  readonly query: string
  /** The body as it came, and what it says; of requests that have one. */
  readonly bytes?: Uint8Array
  readonly body?: unknown
  /** Whether it gives the agent a message. */
  readonly isSend: boolean
}

const rpcSends = new Set(['SendMessage', 'SendStreamingMessage', 'message/send', 'message/stream'])
const rpcPushes = new Set(['CreateTaskPushNotificationConfig', 'tasks/pushNotificationConfig/set'])

/**
 * Reads a request whole. Its body is set on `request` too, where parsers and errors look for it.
 *
 * @throws Refusal for a path that is no agent's, a body that is too large or no JSON, and for push notifications, which would carry
 * somebody's token to another node and come from there.
 */
export async function readRequest (request: IncomingMessage & { body?: unknown }, maxBytes: number): Promise<AgentRequest> {
  const [whole, query = ''] = split(request.url ?? '')
  const [, node = '', agent = '', path = ''] = /^\/a2a\/([\w:.%-]+)\/([a-z0-9][a-z0-9._-]{0,63})\/(rpc|rest\/[^?#]+|\.well-known\/agent-card\.json)$/.exec(whole) ?? []
  if (path === '' || /(^|\/)\.\.?(\/|$)|%2e|%2f|%5c|\\/i.test(path)) throw new Refusal(404, 'NOT_FOUND', 'There is nothing here. Agents are at /a2a/<node did>/<agent>/, with rpc, rest/... and .well-known/agent-card.json; to see them, run: akshi agents')
  if (request.method !== 'GET' && request.method !== 'POST' && request.method !== 'DELETE') throw new Refusal(405, 'INVALID_ARGUMENT', `${request.method} means nothing here; use GET or POST.`)
  const place = { node: node.replaceAll(/%3a/gi, ':'), agent, path, query }
  if (request.method !== 'POST') return { ...place, isSend: false }
  const bytes = await readBody(request, maxBytes)
  const body = parseBody(bytes)
  request.body = body
  if (isPush(path, body)) throw new Refusal(400, 'FAILED_PRECONDITION', 'Agents behind a mesh gateway send no push notifications. Subscribe to the task, or ask for it.', { rpcCode: -32003 })
  return { ...place, bytes, body, isSend: isSend(path, body) }
}

function isSend (path: string, body: unknown): boolean {
  return path === 'rpc' ? rpcSends.has(String(fieldOf(body, 'method'))) : /(^|\/)message:(send|stream)$/.test(path)
}

function isPush (path: string, body: unknown): boolean {
  const params = path === 'rpc' ? fieldOf(body, 'params') : body
  const configuration = fieldOf(params, 'configuration')
  if (fieldOf(configuration, 'taskPushNotificationConfig') !== undefined || fieldOf(configuration, 'pushNotificationConfig') !== undefined) return true
  return path === 'rpc' ? rpcPushes.has(String(fieldOf(body, 'method'))) : path.endsWith('/pushNotificationConfigs')
}

/** A body whole. Throws Refusal 413 as soon as it is known to be larger. */
export async function readBody (request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = Number(request.headers['content-length'] ?? 0)
  if (size > maxBytes) throw Refusal.tooLarge()
  size = 0
  // Not destroyed at the end: the answer still goes out on its socket.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw Refusal.tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** JSON of a body; `undefined` for an empty one. Throws Refusal. */
export function parseBody (bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(bytes.toString())
  } catch {
    throw new Refusal(400, 'INVALID_ARGUMENT', 'The body is not JSON.', { rpcCode: -32700 })
  }
}

function split (url: string): [string, string] {
  const at = url.indexOf('?')
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at)]
}
