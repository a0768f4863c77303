import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { isMeshError, type Clock } from '@akshi/core'
import { parseBody, readBody } from './agent-request.ts'
import { fieldOf } from './json-field.ts'
import type { KnownAgents } from './known-agents.ts'
import { showLife } from './life-signs.ts'
import { Refusal } from './refusal.ts'
import type { TaskBoard, TaskView } from './task-board.ts'
import type { TaskEvent } from './task-events.ts'
import type { TaskSender } from './task-sender.ts'

export interface TaskApiOptions {
  readonly board: TaskBoard
  readonly agents: KnownAgents
  readonly sender: TaskSender
  readonly clock: Clock
  readonly maxBytes: number
}

const retryMs = 1_000

/** `/api/v1/a2a/`: `agents`, `tasks`, `tasks/<id>` and `events`, for the operator. */
export function taskApi (options: TaskApiOptions): RequestListener {
  return (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      if (response.headersSent) {
        response.destroy()
        return
      }
      const refusal = Refusal.from(error)
      const code = isMeshError(error) ? error.code : refusal === undefined ? 'MESH_SEND_FAILED' : 'MESH_REQUEST_INVALID'
      send(response, isMeshError(error, 'MESH_PEER_AMBIGUOUS') ? 409 : refusal?.status ?? 500, { error: code, detail: refusal?.message ?? 'This node failed to answer; its log says why.' })
    })
  }
}

async function answer (request: IncomingMessage, response: ServerResponse, { board, agents, sender, clock, maxBytes }: TaskApiOptions): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://node')
  const place = pathname.replace('/api/v1/a2a/', '')
  const isGet = request.method === 'GET'
  if (isGet && place === 'agents') return send(response, 200, { agents: agents.list(query.get('skill') ?? undefined) })
  if (isGet && place === 'tasks') return send(response, 200, { tasks: board.list() })
  if (request.method === 'POST' && place === 'tasks') {
    const { to, parts } = readTask(parseBody(await readBody(request, maxBytes)))
    return send(response, 201, sender.send(to, parts))
  }
  if (isGet && place === 'events') return sendEvents(request, response, query, board, clock)
  const task = isGet && place.startsWith('tasks/') ? board.get(place.slice('tasks/'.length)) : undefined
  if (task === undefined) throw new Refusal(404, 'NOT_FOUND', `There is nothing at ${request.method} ${pathname.slice(0, 200)}. There are agents, tasks, tasks/<id> and events.`)
  send(response, 200, task)
}

function readTask (body: unknown): { readonly to: string, readonly parts: readonly object[] } {
  const [to, input, parts] = [fieldOf(body, 'to'), fieldOf(body, 'input'), fieldOf(body, 'parts')]
  if (typeof to !== 'string') throw new Refusal(400, 'INVALID_ARGUMENT', '"to" must be an agent: NAME or NAME@NODE.')
  if (typeof input === 'string') return { to, parts: [{ text: input }] }
  if (Array.isArray(parts) && parts.every((part) => typeof part === 'object' && part !== null)) return { to, parts: parts as object[] }
  throw new Refusal(400, 'INVALID_ARGUMENT', '"input" must be text, or "parts" a list of A2A parts.')
}

/**
 * Server-sent events, from the one after `Last-Event-ID` (or `?after=`) on. With `?task=`, of that task alone: first as it is, and no
 * more once it has ended.
 */
function sendEvents (request: IncomingMessage, response: ServerResponse, query: URLSearchParams, board: TaskBoard, clock: Clock): void {
  const wanted = query.get('task')
  const last = request.headers['last-event-id']
  response.setHeader('content-type', 'text/event-stream').setHeader('cache-control', 'no-store').writeHead(200)
  response.write(`retry: ${retryMs}\n\n`)
  showLife(response, clock)
  const tell = ({ id, type, task }: TaskEvent) => {
    if (wanted !== null && task.id !== wanted) return
    response.write(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(task)}\n\n`)
    if (wanted !== null && hasEnded(task)) response.end()
  }
  const now = wanted === null ? undefined : board.get(wanted)
  if (now !== undefined) {
    response.write(`event: task_now\ndata: ${JSON.stringify(now)}\n\n`)
    if (hasEnded(now)) response.end()
  }
  const leave = board.events.listen(typeof last === 'string' ? last : query.get('after') ?? undefined, tell)
  response.once('close', leave)
}

function hasEnded ({ status }: TaskView): boolean {
  return status === 'completed' || status === 'failed'
}

function send (response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, 'cache-control': 'no-store' }).end(bytes)
}
