import { ApiConnection, type ApiBody } from '../api-connection.ts'
import { findNode, readToken, type Invocation } from '../invocation.ts'
import { readLines } from '../line-splitter.ts'

/** Something that a node tells of a task. */
export interface A2aEvent<Item> {
  readonly type: string
  readonly task: Item
}

/** What the A2A plugin of the running node answers below `/api/v1/a2a`. Rejects as `ApiConnection` says. */
export class A2aConnection {
  readonly #connection: ApiConnection

  private constructor (connection: ApiConnection) {
    this.#connection = connection
  }

  /** Calls `use` with a connection to the node of this home, and closes it. */
  static async with<Result> (invocation: Invocation, use: (connection: A2aConnection) => Promise<Result>): Promise<Result> {
    const { config } = await invocation.loadConfig()
    const token = await readToken(config)
    const connection = new ApiConnection({ url: await findNode(config), home: config.node.home, ...token !== undefined && { token } })
    try {
      return await use(new A2aConnection(connection))
    } finally {
      connection.close()
    }
  }

  get<Answer> (path: string): Promise<Answer> {
    return this.#connection.call('GET', `/a2a${path}`)
  }

  post<Answer> (path: string, value: unknown): Promise<Answer> {
    const body: ApiBody = { type: 'application/json', bytes: Buffer.from(JSON.stringify(value)) }
    return this.#connection.call('POST', `/a2a${path}`, body)
  }

  /** Events as they come, until the signal or the node ends it. */
  async * events<Item> (query: string, signal: AbortSignal): AsyncGenerator<A2aEvent<Item>> {
    let type = ''
    for await (const lines of readLines(this.#connection.stream(`/a2a/events${query}`, signal))) {
      for (const line of lines) {
        if (line.startsWith('event: ')) type = line.slice('event: '.length)
        if (line.startsWith('data: ')) yield { type, task: JSON.parse(line.slice('data: '.length)) as Item }
      }
    }
  }
}
