import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createNode, ensureIdentity, ensureToken, homePaths, loadConfig, silentLogger, type Did, type Logger, type PluginObject, type Runtime } from '@akshi/core'
import http from '@akshi/plugin-http'
import { createA2a } from '@akshi/plugin-a2a'

export interface A2aNodeOptions {
  readonly peers?: readonly { readonly did: Did, readonly port?: number }[]
  /** More of runtime.toml. */
  readonly toml?: string
  readonly a2a?: Readonly<Record<string, unknown>>
  readonly http?: Readonly<Record<string, unknown>>
  readonly plugins?: readonly PluginObject[]
  readonly logger?: Logger
}

/** A node with the A2A plugin, on a free port of loopback. */
export class A2aNode {
  readonly home: string
  readonly name: string
  readonly did: Did
  readonly token: string
  readonly a2a = createA2a()
  #runtime: Runtime | undefined

  private constructor (home: string, name: string, did: Did, token: string) {
    this.home = home
    this.name = name
    this.did = did
    this.token = token
  }

  /** With a key; it runs after `start`. The same folder gives the same node. */
  static async make (folder: string, name: string): Promise<A2aNode> {
    const home = join(folder, name)
    await mkdir(home, { recursive: true })
    const { key, token } = homePaths(home)
    const { identity } = await ensureIdentity(key)
    return new A2aNode(home, name, identity.did, await ensureToken(token))
  }

  async start ({ peers = [], toml = '', a2a = {}, http: httpConfig = {}, plugins = [], logger = silentLogger }: A2aNodeOptions = {}): Promise<this> {
    const file = join(this.home, 'runtime.toml')
    const entries = peers.map(({ did, port }) => `[[mesh.peers]]\nnode_did = "${did}"\n${port === undefined ? '' : `endpoint = "127.0.0.1"\ndashboard_port = ${port}\n`}`)
    await writeFile(file, ['[node]', `name = "${this.name}"`, `home = ${JSON.stringify(this.home)}`, '[dashboard]', 'port = 0', 'bind = "127.0.0.1"', ...entries, toml, ''].join('\n'))
    const { config } = await loadConfig({ cwd: this.home, env: { HOME: this.home }, configPath: file })
    this.#runtime = await createNode({ config, configDir: this.home, logger, plugins: [{ plugin: http as never, config: httpConfig }, { plugin: this.a2a.plugin as never, config: a2a }, ...plugins] })
    await this.#runtime.start()
    return this
  }

  get runtime (): Runtime {
    if (this.#runtime === undefined) throw new Error(`${this.name} does not run`)
    return this.#runtime
  }

  get url (): string { return this.runtime.url }
  get port (): number { return Number(new URL(this.url).port) }

  /** Where a client of this node finds an agent of any node. */
  base (node: { readonly did: Did }, agent: string): string {
    return `${this.url}/a2a/${node.did}/${agent}/`
  }

  /** `fetch` with the token of the local API. */
  readonly fetch: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${this.token}`)
    return fetch(input, { ...init, headers })
  }

  /** The local API. */
  async api<Answer> (path: string, body?: unknown): Promise<Answer> {
    const response = await this.fetch(`${this.url}/api/v1${path}`, body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    return await response.json() as Answer
  }

  async stop (): Promise<void> {
    await this.#runtime?.stop()
    this.#runtime = undefined
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.stop()
  }
}
