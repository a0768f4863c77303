import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ClientFactory, DefaultAgentCardResolver, JsonRpcTransportFactory, RestTransportFactory, type Client } from '@a2a-js/sdk/client'
import type { Message, SendMessageRequest, StreamResponse, Task } from '@a2a-js/sdk'
import { A2AClient } from 'a2a-sdk-0.3/client'
import type { A2aNode } from './a2a-node.ts'
import { textOf } from './echo-agent.ts'

/** The SDK's client as it is, with the token. */
export async function client13 (node: A2aNode, base: string, binding: 'JSONRPC' | 'HTTP+JSON' = 'JSONRPC'): Promise<Client> {
  const fetchImpl = node.fetch
  return await new ClientFactory({
    transports: [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })],
    preferredTransports: [binding],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl })
  }).createFromUrl(base)
}

/** The client of SDK 0.3.14, which speaks A2A 0.3 alone. */
export async function client03 (node: A2aNode, base: string): Promise<A2AClient> {
  return await A2AClient.fromCardUrl(`${base}.well-known/agent-card.json`, { fetchImpl: node.fetch })
}

export function request (value: string, { messageId = crypto.randomUUID() as string, taskId = '', returnImmediately = false } = {}): SendMessageRequest {
  const message: Message = { messageId, role: 1, parts: [{ content: { $case: 'text', value }, mediaType: 'text/plain', filename: '', metadata: undefined }], contextId: '', taskId, metadata: undefined, extensions: [], referenceTaskIds: [] }
  return { tenant: '', message, configuration: { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately }, metadata: undefined }
}

export function request03 (text: string) {
  return { message: { kind: 'message' as const, messageId: crypto.randomUUID(), role: 'user' as const, parts: [{ kind: 'text' as const, text }] } }
}

/** The text of a task's artifacts. */
export function answerOf (result: Message | Task): string {
  return 'artifacts' in result ? result.artifacts.map(({ parts }) => textOf(parts)).join('') : textOf(result.parts)
}

/** What kinds of events a stream has, and how the task ended. */
export async function kindsOf (events: AsyncIterable<StreamResponse>): Promise<(string | number | undefined)[]> {
  const kinds: (string | number | undefined)[] = []
  for await (const { payload } of events) kinds.push(payload?.$case === 'statusUpdate' ? payload.value.status?.state : payload?.$case)
  return kinds
}

/** What `curl` writes on stdout, run as a process of its own. */
export async function curl (...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('curl', ['-sS', '--max-time', '20', ...args], { maxBuffer: 32 * 1024 * 1024 })
  return stdout
}

/** A JSON-RPC request by hand: what came back, with its status. */
export async function rpc (node: Pick<A2aNode, 'fetch'>, base: string, method: string, params: unknown, headers: Readonly<Record<string, string>> = {}) {
  const response = await node.fetch(`${base}rpc`, { method: 'POST', headers: { 'content-type': 'application/json', 'a2a-version': '1.0', ...headers }, body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }) })
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() as RpcAnswer }
}

/** The parameters of SendMessage. */
export function params (text: string, messageId: string = crypto.randomUUID(), configuration: object = {}) {
  return { message: { messageId, role: 'ROLE_USER', parts: [{ text }] }, configuration }
}

export interface RpcAnswer {
  readonly id: unknown
  readonly result?: { readonly task?: { readonly id: string, readonly status: { readonly state: string, readonly message?: { readonly parts: readonly { readonly text: string }[] } }, readonly artifacts?: readonly { readonly parts: readonly { readonly text: string }[] }[] }, readonly message?: { readonly parts: readonly { readonly text: string }[] } }
  readonly error?: { readonly code: number, readonly message: string, readonly data?: readonly { readonly reason?: string }[] }
}
