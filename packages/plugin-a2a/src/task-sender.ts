import { describeError, MeshError, type Logger } from '@akshi/core'
import type { KnownAgents } from './known-agents.ts'
import type { TaskBoard, TaskView } from './task-board.ts'

export interface TaskSenderOptions {
  readonly agents: KnownAgents
  readonly board: TaskBoard
  readonly baseUrl: () => string | undefined
  readonly token: string
  readonly logger: Logger
}

/** Sends messages for the operator: as an A2A client of this node's own gateway, so that all that holds for clients holds here. */
export class TaskSender {
  readonly #options: TaskSenderOptions
  readonly #closing = new AbortController()

  constructor (options: TaskSenderOptions) {
    this.#options = options
  }

  /**
   * Sends text, or a message of parts, to `agent` or `agent@node`. Returns at once; the board shows what comes of it.
   *
   * @throws MeshError as `KnownAgents.find`.
   */
  send (to: string, parts: readonly object[]): TaskView {
    const { agents, board, baseUrl, logger } = this.#options
    const { agent, node } = agents.find(to)
    const origin = baseUrl()
    if (origin === undefined) throw new MeshError('MESH_NOT_RUNNING', 'The node does not listen yet. Try again.')
    const id = board.newId()
    const text = parts.map((part) => 'text' in part ? String(part.text) : '').join('')
    const view = board.announce(id, `${agent}@${node}`, text)
    const request = { jsonrpc: '2.0', id, method: 'SendStreamingMessage', params: { message: { messageId: id, role: 'ROLE_USER', parts } } }
    this.#post(`${origin}/a2a/${node}/${agent}/rpc`, id, request).catch((error: unknown) => {
      if (!this.#closing.signal.aborted) logger.warn('an A2A message could not be sent', { to, reason: describeError(error) })
      board.fail(id, describeError(error))
    })
    return view
  }

  stop (): void {
    this.#closing.abort()
  }

  async #post (url: string, id: string, body: object): Promise<void> {
    const headers = { authorization: `Bearer ${this.#options.token}`, 'content-type': 'application/json', accept: 'text/event-stream', 'a2a-version': '1.0', 'x-akshi-task': id }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal: this.#closing.signal })
    await response.body?.pipeTo(new WritableStream())             // the gateway reads along
  }
}
