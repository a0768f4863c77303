import { readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { homePaths, type Did } from '@akshi/core'
import type { DhtEntry, DhtStatus } from '@akshi/plugin-dht'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { LiveNode } from './live-node.ts'
import { SwitchedLan } from './switched-lan.ts'
import { until } from './until.ts'

const secret = 'the secret of the laboratory'
const dhtPort = 4_211
/** So many start at once: each costs seconds of a processor. */
const together = 3

/** Nodes in network namespaces that know one node of a DHT, and nothing of each other. */
export class DhtMesh implements AsyncDisposable {
  readonly nodes: LiveNode[] = []
  readonly #lan: SwitchedLan
  readonly #folder: TemporaryFolder
  /** What each node tells of whom it meets: asking it again and again would keep it busy. */
  readonly #met = new Map<LiveNode, Set<Did>>()

  private constructor (lan: SwitchedLan, folder: TemporaryFolder) {
    this.#lan = lan
    this.#folder = folder
  }

  /** Room for so many nodes. */
  static async make (size: number): Promise<DhtMesh> {
    return new DhtMesh(new SwitchedLan(size, `akshi-dht-${process.pid}`), await temporaryFolder())
  }

  /** Starts one more node. Resolves when it runs. */
  async node (through?: LiveNode, meshSecret = secret): Promise<LiveNode> {
    const node = await LiveNode.make(this.#lan, this.nodes.length, this.#folder.path)
    this.nodes.push(node)
    return await this.#start(node, through, meshSecret)
  }

  /** Starts more nodes, some at a time. Resolves when all run. */
  async more (count: number, through: LiveNode): Promise<void> {
    const hosts = Array.from({ length: count }, (_, index) => this.nodes.length + index)
    const made = await Promise.all(hosts.map((host) => LiveNode.make(this.#lan, host, this.#folder.path)))
    this.nodes.push(...made)
    const waiting = [...made]
    await Promise.all(Array.from({ length: together }, async () => {
      for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) await this.#start(node, through, secret)
    }))
  }

  /** Those that a node has met, as it told. */
  metBy (node: LiveNode): ReadonlySet<Did> {
    return this.#met.get(node) ?? new Set()
  }

  /** Resolves to how long it took until each of these has met each of the others. */
  async allMet (nodes: readonly LiveNode[], withinMs: number, others = nodes): Promise<number> {
    const isMet = (node: LiveNode) => others.every((other) => other === node || this.metBy(node).has(other.did))
    return await until(async () => nodes.every(isMet), withinMs, `${nodes.length} nodes have met all`)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()))
    this.#lan[Symbol.dispose]()
    await this.#folder[Symbol.asyncDispose]()
  }

  async #start (node: LiveNode, through: LiveNode | undefined, meshSecret: string): Promise<LiveNode> {
    const join_ = through === undefined ? 'serve = true' : `bootstrap = ["${through.did}@${through.address}:${dhtPort}"]`
    await writeFile(join(node.home, 'runtime.toml'), [
      '[node]', `name = "${node.name}"`, '[mesh]', 'trust = "open"', `secret = "${meshSecret}"`,
      '[[plugins]]', 'package = "@akshi/plugin-http"', '[[plugins]]', 'package = "@akshi/plugin-dht"', '[plugins.config]', join_, 'publish_private = true', ''
    ].join('\n'))
    await node.start()
    const met = new Set<Did>()
    this.#met.set(node, met)
    await node.watch(({ type, data }) => { if (type === 'peer' && data.trust === 'trusted') met.add(data.did) })
    for (const did of await presentTo(node)) met.add(did)
    return node
  }
}

/** Those that a node has met and trusts, and that are not known to be gone. */
export async function presentTo (node: LiveNode): Promise<ReadonlySet<Did>> {
  const { peers } = await node.status()
  return new Set(peers.filter(({ trust, sources, health, link }) => trust === 'trusted' && sources.includes('dht') && health !== 'down' && link?.state !== 'down').map(({ did }) => did))
}

export async function dhtStatus (node: LiveNode): Promise<DhtStatus> {
  return await ask(node, '/dht/status') as DhtStatus
}

export async function dhtLookup (node: LiveNode, did: Did): Promise<DhtEntry> {
  return await ask(node, `/dht/lookup?did=${encodeURIComponent(did)}`) as DhtEntry
}

async function ask (node: LiveNode, path: string): Promise<unknown> {
  const token = (await readFile(homePaths(node.home).token, 'utf8')).trim()
  return await new Promise((resolve, reject) => {
    const call = request({ socketPath: join(node.home, 'door'), path: `/api/v1${path}`, headers: { host: '127.0.0.1:3210', authorization: `Bearer ${token}` }, agent: false }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => { text += String(chunk) }).on('end', () => answer.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(`${node.name}: ${text}`))).on('error', reject)
    })
    call.on('error', reject).end()
  })
}
