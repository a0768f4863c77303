import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { homePaths, type Acknowledgement, type Did, type EntryView, type MeshEvent, type NodeStatus } from '@akshi/core'
import { makeNodeHome } from '../support/node-home.ts'

const akshi = fileURLToPath(new URL('../../packages/cli/bin/akshi.js', import.meta.url))
const port = 3210
const startMs = 30_000

// Sockets that are files are of no network: a door from the test to the local API, inside the host. It closes with the test.
const door = `const { createServer, connect } = require('net')
process.on('disconnect', () => process.exit())
createServer((a) => { const b = connect(${port}, '127.0.0.1'); a.pipe(b).pipe(a); for (const s of [a, b]) s.on('error', () => { a.destroy(); b.destroy() }) }).listen(process.argv[1], () => process.send(0))`

/** Hosts on a network of their own, by number. */
export interface Laboratory {
  readonly address: (host: number) => string
  /** The words after `ip` that run a command on a host. It becomes the command, so that a signal reaches that itself. */
  readonly command: (host: number, ...argv: string[]) => string[]
}

/** A host of a laboratory with one node: its folder, and its process while it runs. Dispose it, which ends that at once. */
export class LiveNode implements AsyncDisposable {
  readonly name: string
  readonly home: string
  readonly did: Did
  readonly address: string
  readonly #lab: Laboratory
  readonly #host: number
  readonly #door: ChildProcess
  #node: ChildProcess | undefined
  #token = ''
  #log = ''

  private constructor (lab: Laboratory, host: number, home: string, did: Did, door: ChildProcess) {
    this.name = `host${host}`
    this.home = home
    this.did = did
    this.address = lab.address(host)
    this.#lab = lab
    this.#host = host
    this.#door = door
  }

  /** A node that does not run yet, with its folder in this one. */
  static async make (lab: Laboratory, host: number, folder: string): Promise<LiveNode> {
    const home = join(folder, String(host))
    await mkdir(home)
    const did = await makeNodeHome(home)
    const opened = spawn('ip', lab.command(host, process.execPath, '-e', door, `${home}/door`), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    await once(opened, 'message')
    return new LiveNode(lab, host, home, did, opened)
  }

  /** All that it logged in all its lives. */
  get log (): string { return this.#log }

  /** Writes its runtime.toml: it trusts these, and knows where they are. */
  async meet (peers: readonly LiveNode[], more: readonly string[] = []): Promise<void> {
    const others = peers.filter((peer) => peer !== this).flatMap(({ name, did, address }) => [
      '[[mesh.peers]]', `name = "${name}"`, `node_did = "${did}"`, `endpoint = "${address}"`
    ])
    await writeFile(join(this.home, 'runtime.toml'), ['[node]', `name = "${this.name}"`, ...more, ...others, '[[plugins]]', 'package = "@akshi/plugin-http"', ''].join('\n'))
  }

  /** Resolves when it says that it runs. Rejects when it ends before, or does not say so for half a minute. */
  async start (): Promise<void> {
    const argv = this.#lab.command(this.#host, process.execPath, akshi, 'run', '--json', '--home', this.home)
    const node = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: environment(this.home), cwd: this.home })
    this.#node = node
    node.stderr?.on('data', (chunk) => { this.#log += String(chunk) })
    const ended = once(node, 'close').then(() => { throw new Error(`${this.name} ended:\n${this.#log}`) })
    const late = setTimeout(startMs, undefined, { ref: false }).then(() => { throw new Error(`${this.name} does not run after ${startMs} ms:\n${this.#log}`) })
    await Promise.race([once(node.stdout ?? node, 'data'), ended, late])
    for (const failure of [ended, late]) failure.catch(() => {})
    this.#token = (await readFile(homePaths(this.home).token, 'utf8')).trim()
  }

  /** Ends it at once, as a power cut would. */
  async kill (): Promise<void> {
    await end(this.#node)
  }

  /** Runs a command beside the node. Resolves to what it printed. */
  async akshi (...argv: string[]): Promise<string> {
    const command = this.#lab.command(this.#host, process.execPath, akshi, ...argv, '--home', this.home)
    return (await promisify(execFile)('ip', command, { env: environment(this.home) })).stdout
  }

  /** Resolves to the id once the entry is acknowledged. */
  async append (journal: string, body: unknown): Promise<string> {
    const { ids: [id = ''] } = await this.#api<Acknowledgement>('POST', `/journals/${journal}/entries`, { entries: [{ body }] })
    return id
  }

  status (): Promise<NodeStatus> {
    return this.#api('GET', '/status')
  }

  /** In the agreed order. */
  async entries (journal: string): Promise<readonly EntryView[]> {
    return (await this.#api<{ entries: readonly EntryView[] }>('GET', `/journals/${journal}/entries`)).entries
  }

  /** What happens in it from now on, until it ends. Resolves when this is heard. */
  async watch (heard: (event: MeshEvent) => void): Promise<void> {
    const answer = await this.#ask('GET', '/events')
    let text = ''
    answer.on('error', () => {}).on('data', (chunk) => {
      const blocks = (text + String(chunk)).split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const [, id, type, data] = /^id: (.*)\nevent: (.*)\ndata: (.*)/.exec(block) ?? []
        if (data !== undefined) heard({ id, type, ...JSON.parse(data) })
      }
    })
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all([end(this.#node), end(this.#door)])
  }

  /** Rejects unless it answers 2xx. */
  async #api<Body> (method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await this.#ask(method, path, body)
    const chunks: Buffer[] = []
    for await (const chunk of answer) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    if ((answer.statusCode ?? 500) >= 300) throw new Error(`${this.name} answered ${method} ${path} with ${answer.statusCode}: ${text}`)
    return JSON.parse(text)
  }

  async #ask (method: string, path: string, body?: unknown): Promise<IncomingMessage> {
    const headers = { host: `127.0.0.1:${port}`, authorization: `Bearer ${this.#token}`, ...body !== undefined && { 'content-type': 'application/json' } }
    const call = request({ socketPath: `${this.home}/door`, path: `/api/v1${path}`, method, headers, agent: false })
    call.end(body === undefined ? undefined : JSON.stringify(body))
    const [answer] = await once(call, 'response') as [IncomingMessage]
    return answer
  }
}

async function end (child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

function environment (home: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: home, NO_COLOR: '1' }
}
