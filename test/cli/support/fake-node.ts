import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { homePaths } from '@akshi/core'

export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: unknown
}

export interface ApiAnswer {
  readonly status?: number
  readonly body: unknown
}

/** A local API on a free port of loopback that answers as a test says, known to the commands through its home. */
export class FakeNode {
  readonly requests: ApiRequest[] = []
  readonly #server: Server

  private constructor (answer: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>) {
    this.#server = createServer((request, response) => {
      void (async () => {
        const seen = await describe(request)
        this.requests.push(seen)
        const { status = 200, body } = await answer(seen)
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      })()
    })
  }

  static async start (home: string, answer: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>): Promise<FakeNode> {
    const node = new FakeNode(answer)
    node.#server.listen(0, '127.0.0.1')
    await once(node.#server, 'listening')
    const { port } = node.#server.address() as AddressInfo
    const { running, token } = homePaths(home)
    for (const path of [running, token]) await mkdir(dirname(path), { recursive: true })
    await writeFile(running, JSON.stringify({ pid: process.pid, url: `http://127.0.0.1:${port}`, port }))
    await writeFile(token, 'secret-token\n')
    return node
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

async function describe (request: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    authorization: request.headers.authorization,
    body: text === '' ? undefined : JSON.parse(text)
  }
}
