import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  homePaths, type Acknowledgement, type Convergence, type Did, type EntryView, type NodeStatus, type PeerStatus
} from '@akshi/core'
import { AkshiProcess, type Outcome } from './akshi-process.ts'
import { exchange, json } from './exchange.ts'
import { runtimeFile, type LabSettings, type NodeOptions, type PeerEntry } from './runtime-file.ts'

/** A journal as one node has it. */
export interface JournalView {
  readonly heads: readonly string[]
  /** In the agreed order. */
  readonly ids: readonly string[]
  readonly bodies: readonly unknown[]
}

/** A node of a lab: its folder, and its process while it runs. */
export class LabNode {
  readonly name: string
  readonly home: string
  readonly did: Did
  readonly #lab: LabSettings
  readonly #user: string
  readonly #commands = new Set<AkshiProcess>()
  #process: AkshiProcess | undefined
  #earlierLog = ''
  #port = 0
  #token = ''

  /** Use `Lab.home`. */
  constructor (name: string, home: string, did: Did, user: string, lab: LabSettings) {
    this.name = name
    this.home = home
    this.did = did
    this.#user = user
    this.#lab = lab
  }

  /** The port of its current, or last, life. */
  get port (): number { return this.#port }
  get pid (): number | undefined { return this.#process?.pid }
  get token (): string { return this.#token }
  /** All that it logged in all its lives. */
  get log (): string { return this.#earlierLog + (this.#process?.stderr ?? '') }

  /** How another node's configuration says that this one is trusted, and where it is. */
  get reachable (): PeerEntry { return { did: this.did, name: this.name, port: this.#port } }
  /** As `reachable`, without saying where. */
  get known (): PeerEntry { return { did: this.did, name: this.name } }

  /** Writes its runtime.toml; `more` is TOML that follows. */
  async configure (options: NodeOptions = {}, more = ''): Promise<void> {
    await this.configureWith(runtimeFile(this.name, this.home, this.#lab, options) + more)
  }

  /** Writes any text as its runtime.toml. */
  async configureWith (text: string): Promise<void> {
    await writeFile(join(this.home, 'runtime.toml'), text)
  }

  /** Resolves when the node says that it runs. */
  async start (...argv: string[]): Promise<this> {
    this.#earlierLog = this.log
    this.#process = new AkshiProcess(['run', '--json', '--home', this.home, ...argv], this.#user)
    const { url } = JSON.parse(await this.#process.firstLine()) as { url: string }
    this.#port = Number(new URL(url).port)
    this.#token = (await readFile(homePaths(this.home).token, 'utf8')).trim()
    return this
  }

  /** Stops it as an operator would; rejects unless it ends with exit code 0. */
  async stop (): Promise<void> {
    this.#process?.signal('SIGTERM')
    const outcome = await this.#process?.ends()
    if (outcome !== undefined && outcome.code !== 0) throw new Error(`${this.name} ended with ${outcome.code}:\n${outcome.stderr}`)
  }

  /** Resolves, to its exit code, when it has ended by itself. */
  async ends (): Promise<number | string | undefined> {
    return (await this.#process?.ends())?.code
  }

  /** Ends it at once, as a power cut would, with the commands that still run. Safe when nothing does. */
  async kill (): Promise<void> {
    const all = [...this.#commands, ...this.#process === undefined ? [] : [this.#process]]
    for (const each of all) each.signal('SIGKILL')
    await Promise.all(all.map((each) => each.ends()))
  }

  /** Runs a command for this node, to its end. */
  async cli (...argv: string[]): Promise<Outcome> {
    const command = new AkshiProcess([...argv, '--home', this.home], this.#user)
    this.#commands.add(command)
    const outcome = await command.ends()
    this.#commands.delete(command)
    return outcome
  }

  /** Calls the local API with the token. Rejects unless it answers 2xx. */
  async api<Body> (method: string, path: string, body?: unknown): Promise<Body> {
    const { headers = {}, ...rest } = body === undefined ? {} : json(body)
    const answer = await exchange(this.#port, `/api/v1${path}`, { ...rest, method, headers: { ...headers, authorization: `Bearer ${this.#token}` } })
    if (answer.status >= 300) throw new Error(`${this.name} answered ${method} ${path} with ${answer.status}: ${answer.bytes}`)
    return answer.json()
  }

  status (): Promise<NodeStatus> {
    return this.api('GET', '/status')
  }

  convergence (): Promise<Convergence> {
    return this.api('GET', '/sync/convergence')
  }

  /** What it knows of another node; `undefined` when it has not heard of it. */
  async peer ({ did }: { readonly did: Did }): Promise<PeerStatus | undefined> {
    return (await this.status()).peers.find((peer) => peer.did === did)
  }

  /** Resolves, to the ids, once the entries are acknowledged: one request, so one envelope. */
  async append (journal: string, ...bodies: unknown[]): Promise<readonly string[]> {
    const { ids } = await this.api<Acknowledgement>('POST', `/journals/${journal}/entries`, { entries: bodies.map((body) => ({ body })) })
    return ids
  }

  async journal (name: string): Promise<JournalView> {
    const { entries } = await this.api<{ entries: readonly EntryView[] }>('GET', `/journals/${name}/entries`)
    const { heads = [] } = (await this.status()).journals.find((journal) => journal.name === name) ?? {}
    return { heads, ids: entries.map(({ id }) => id), bodies: entries.map(({ body }) => body) }
  }
}
