import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { homePaths } from '@akshi/core'
import type { MdnsStatus } from '@akshi/plugin-mdns'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { LiveNode, type Laboratory } from './live-node.ts'
import { SwitchedLan } from './switched-lan.ts'
import { until } from './until.ts'

let made = 0

/** What is not as it comes. */
export interface MdnsNodeOptions {
  readonly name?: string
  /** Default `lan`. */
  readonly trust?: 'known' | 'lan'
  /** `[dashboard] bind`. */
  readonly bind?: string
}

/** Hosts on which nodes run that know nothing of each other. Dispose it, which ends them at once. */
export class MdnsMesh<Lab extends Laboratory & Disposable = SwitchedLan> implements AsyncDisposable {
  readonly lan: Lab
  readonly #folder: TemporaryFolder
  readonly #nodes: LiveNode[] = []

  private constructor (lan: Lab, folder: TemporaryFolder) {
    this.lan = lan
    this.#folder = folder
  }

  /** On a switch with so many hosts. */
  static make (hosts: number): Promise<MdnsMesh> {
    return MdnsMesh.on(new SwitchedLan(hosts, `akm${process.pid}-${made++}`))
  }

  /** On a laboratory, which is disposed with it. */
  static async on<Lab extends Laboratory & Disposable> (lab: Lab): Promise<MdnsMesh<Lab>> {
    return new MdnsMesh(lab, await temporaryFolder())
  }

  /** A folder for whatever a test needs besides. */
  get folder (): string { return this.#folder.path }

  /** A node that does not run yet. */
  async node (host: number, { name = `host${host}`, trust = 'lan', bind }: MdnsNodeOptions = {}): Promise<LiveNode> {
    const node = await LiveNode.make(this.lan, host, this.#folder.path)
    this.#nodes.push(node)
    const lines = ['[node]', `name = "${name}"`, '[mesh]', `trust = "${trust}"`, ...bind === undefined ? [] : ['[dashboard]', `bind = "${bind}"`]]
    await writeFile(join(node.home, 'runtime.toml'), `${lines.join('\n')}\n`)
    return node
  }

  /** A node that runs. */
  async start (host: number, options?: MdnsNodeOptions): Promise<LiveNode> {
    const node = await this.node(host, options)
    await node.start()
    return node
  }

  /** Nodes on the hosts 0 and 1 that start together. */
  async startTwo (options?: MdnsNodeOptions): Promise<readonly [LiveNode, LiveNode]> {
    return await Promise.all([this.start(0, options), this.start(1, options)])
  }

  /** Resolves to what a program on a host prints. */
  async on (host: number, ...argv: string[]): Promise<string> {
    return (await promisify(execFile)('ip', this.lan.command(host, ...argv))).stdout
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node[Symbol.asyncDispose]()))
    this.lan[Symbol.dispose]()
    await this.#folder[Symbol.asyncDispose]()
  }
}

/** What a node says of its LAN discovery. */
export async function mdnsStatus (node: LiveNode): Promise<MdnsStatus> {
  const authorization = `Bearer ${(await readFile(homePaths(node.home).token, 'utf8')).trim()}`
  const call = request({ socketPath: `${node.home}/door`, path: '/api/v1/mdns/status', headers: { host: '127.0.0.1:3210', authorization }, agent: false })
  call.end()
  const [answer] = await once(call, 'response') as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString())
}

/** Resolves when a node has announced itself on all its interfaces, to its name. */
export async function announcedName (node: LiveNode, withinMs = 10_000): Promise<string> {
  let status: MdnsStatus | undefined
  await until(async () => {
    status = await mdnsStatus(node)
    return status.interfaces.length > 0 && status.interfaces.every(({ state }) => state === 'announced')
  }, withinMs, 'announced')
  return status?.name ?? ''
}

/** The names of the peers that a node has met. */
export async function peersOf (node: LiveNode): Promise<readonly string[]> {
  return (await node.status()).peers.filter(({ seenAt }) => seenAt !== undefined).map(({ name }) => name).sort()
}

/** Whether a node has heard of a service of this name. */
export async function hasHeard (node: LiveNode, name: string): Promise<boolean> {
  return (await mdnsStatus(node)).interfaces.some(({ services = [] }) => services.some((service) => service.name === name))
}
