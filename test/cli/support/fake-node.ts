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
  /** JSON, or bytes as they are. */
  readonly body: unknown
  /** Goes on with these, and then waits for the caller to go away. */
  readonly more?: readonly string[]
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
        const { status = 200, body, more } = await answer(seen)
        const isBytes = body instanceof Uint8Array
        response.writeHead(status, { 'content-type': isBytes ? 'application/cbor-seq' : 'application/json' })
        response.write(isBytes ? body : JSON.stringify(body) ?? '')
        for (const each of more ?? []) response.write(each)
        if (more === undefined) response.end()
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
  const bytes = Buffer.concat(chunks)
  const isBytes = request.headers['content-type'] === 'application/cbor-seq'
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    authorization: request.headers.authorization,
    body: bytes.length === 0 ? undefined : isBytes ? bytes : JSON.parse(bytes.toString())
  }
}
