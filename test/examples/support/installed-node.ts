import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { homePaths, type Did, type EntryView, type NodeStatus } from '@akshi/core'
import { exchange, json } from '../../scenarios/support/exchange.ts'
import { plainEnvironment, type Installation } from './installation.ts'

/** A node that the installed command runs, with a home of its own in the installation. Dispose it: that ends it. */
export class InstalledNode {
  readonly name: string
  readonly did: Did
  readonly #command: string
  readonly #home: string
  #process: ChildProcess | undefined
  #port = 0

  private constructor (name: string, did: Did, command: string, home: string) {
    this.name = name
    this.did = did
    this.#command = command
    this.#home = home
  }

  static async make (installation: Installation, name: string): Promise<InstalledNode> {
    const [home, command] = [join(installation.path, name), join(installation.path, 'node_modules/@akshi/cli/bin/akshi.js')]
    const { did } = JSON.parse(await installation.run(process.execPath, [command, 'init', '--name', name, '--loopback', '--home', home, '--json'])) as { readonly did: Did }
    return new InstalledNode(name, did, command, home)
  }

  /** The port of its current, or last, life. */
  get port (): number { return this.#port }

  /** Runs it with HTTP on a free port of loopback and these lines at the end of its runtime.toml, after stopping it. */
  async run (lines: readonly string[] = [], trust = 'known'): Promise<void> {
    await this.stop()
    const own = [
      '[node]', `name = "${this.name}"`, `home = ${JSON.stringify(this.#home)}`, '[dashboard]', 'bind = "127.0.0.1"', 'port = 0',
      '[mesh]', `trust = "${trust}"`, '[mesh.sync]', 'interval_secs = 1', '[[plugins]]', 'package = "@akshi/plugin-http"'
    ]
    await writeFile(join(this.#home, 'runtime.toml'), [...own, ...lines, ''].join('\n'))
    const words = ['run', '--json', '--home', this.#home, '--log-level', 'error']
    // The channel ends a node whose test was killed.
    const child = spawn(process.execPath, [this.#command, ...words], { env: plainEnvironment(), stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    this.#process = child
    const ended = once(child, 'exit').then(() => { throw new Error(`${this.name} did not start`) })
    ended.catch(() => {})
    const [line] = await Promise.race([once(createInterface(child.stdout as Readable), 'line'), ended]) as [string]
    this.#port = Number(new URL((JSON.parse(line) as { readonly url: string }).url).port)
  }

  /** Stops it as an operator would. */
  async stop (): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }

  async status (): Promise<NodeStatus> {
    return await this.#api('GET', '/status')
  }

  async trust (did: Did): Promise<void> {
    await this.#api('POST', '/trust', { peer: did })
  }

  async append (journal: string, body: unknown): Promise<void> {
    await this.#api('POST', `/journals/${journal}/entries`, { entries: [{ body }] })
  }

  /** The bodies of a journal, in the agreed order. */
  async bodies (journal: string): Promise<readonly unknown[]> {
    const { entries } = await this.#api<{ readonly entries: readonly EntryView[] }>('GET', `/journals/${journal}/entries`)
    return entries.map(({ body }) => body)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.stop()
  }

  async #api<Answer> (method: string, path: string, body?: unknown): Promise<Answer> {
    const token = (await readFile(homePaths(this.#home).token, 'utf8')).trim()
    const { headers = {}, ...rest } = body === undefined ? {} : json(body)
    const answer = await exchange(this.#port, `/api/v1${path}`, { ...rest, method, headers: { ...headers, authorization: `Bearer ${token}` } })
    if (answer.status >= 300) throw new Error(`${this.name} answered ${method} ${path} with ${answer.status}: ${answer.bytes}`)
    return answer.json<Answer>()
  }
}
