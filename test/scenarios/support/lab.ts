import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { basename, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { makeNodeHome } from '../../support/node-home.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'
import { LabNode } from './lab-node.ts'
import type { LabSettings, NodeOptions } from './runtime-file.ts'

const pollMs = 20
const logTailLines = 15

/**
 * A mesh of real processes with a folder, a mesh id and an mDNS port of its own. Dispose it, however the test ends: that
 * kills the nodes and removes the folder.
 */
export class Lab {
  readonly #folder: TemporaryFolder
  readonly #settings: LabSettings
  readonly #nodes: LabNode[] = []
  readonly #beginnings = new Set<Promise<unknown>>()
  #homes = 0

  private constructor (folder: TemporaryFolder, mdnsPort: number) {
    this.#folder = folder
    this.#settings = { meshId: basename(folder.path), mdnsPort, sharedDir: folder.join('shared') }
  }

  static async create (): Promise<Lab> {
    return new Lab(await temporaryFolder(), await findUdpPort())
  }

  /** The folder of the lab; it stands for the home folder of the user. */
  get path (): string { return this.#folder.path }
  get meshId (): string { return this.#settings.meshId }
  /** What the nodes with `folder: 'lab'` share. */
  get sharedDir (): string { return this.#settings.sharedDir }

  /** A node that does not run, with a key, a token and a runtime.toml of its own. Names need not be unique. */
  home (name: string): Promise<LabNode> {
    return this.#begin(() => this.#makeHome(name))
  }

  /** A node that runs. */
  node (name: string, options: NodeOptions = {}): Promise<LabNode> {
    return this.#begin(async () => {
      const node = await this.#makeHome(name)
      await node.configure(options)
      return await node.start()
    })
  }

  /**
   * Nodes that run, trust each other and have a working link to each other. All are told where the first is; the rest
   * they have to hear from it.
   */
  async mesh<const Names extends readonly string[]> (names: Names, options: NodeOptions = {}): Promise<{ [Index in keyof Names]: LabNode }> {
    const nodes = await Promise.all(names.map((name) => this.home(name)))
    const [first, ...others] = nodes
    const start = async (node: LabNode) => {
      const peers = nodes.filter((other) => other !== node).map((other) => other === first ? other.reachable : other.known)
      await node.configure({ ...options, peers })
      await node.start()
    }
    if (first !== undefined) await start(first)
    await Promise.all(others.map(start))
    await this.linked(nodes)
    return nodes as unknown as { [Index in keyof Names]: LabNode }
  }

  /** Resolves when each of the nodes has a working link to each of the others. */
  async linked (nodes: readonly LabNode[]): Promise<void> {
    await this.eventually(async () => {
      for (const node of nodes) {
        const { peers } = await node.status()
        const up = peers.filter(({ link }) => link?.state === 'up').map(({ did }) => did)
        expect(up, `links of ${node.name}`).to.include.members(nodes.filter((other) => other !== node).map(({ did }) => did))
      }
    })
  }

  /**
   * Calls `check` until it passes, and resolves to what it returned. The one place in the scenarios where time passes.
   *
   * @throws what `check` threw last, with the end of each node's log, when the deadline is over.
   */
  async eventually<Result> (check: () => Promise<Result>, deadlineMs = 15_000): Promise<Result> {
    const deadline = performance.now() + deadlineMs
    for (;;) {
      try {
        return await check()
      } catch (error) {
        if (performance.now() >= deadline) throw this.#withLogs(error as Error, deadlineMs)
      }
      await setTimeout(pollMs)
    }
  }

  /** Resolves when each of the nodes has exactly these entries, each once, in one order and with the same heads. */
  async agree (nodes: readonly LabNode[], journal: string, bodies: readonly unknown[], deadlineMs?: number): Promise<void> {
    const expected = bodies.map(String).sort()
    await this.eventually(async () => {
      const [first, ...others] = await Promise.all(nodes.map((node) => node.journal(journal)))
      expect(first?.bodies.map(String).sort()).to.deep.equal(expected)
      for (const other of others) expect(other).to.deep.equal(first)
    }, deadlineMs)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    // Of several that begin together one may have failed the test: the others would go on in a folder that is gone.
    await Promise.allSettled(this.#beginnings)
    await Promise.all(this.#nodes.map((node) => node.kill()))
    await this.#folder[Symbol.asyncDispose]()
  }

  async #makeHome (name: string): Promise<LabNode> {
    const home = join(this.path, `${this.#homes++}-${name}`)
    const node = new LabNode(name, home, await makeNodeHome(home), this.path, this.#settings)
    this.#nodes.push(node)
    await node.configure()
    return node
  }

  async #begin<Result> (task: () => Promise<Result>): Promise<Result> {
    const beginning = task()
    this.#beginnings.add(beginning)
    return await beginning.finally(() => this.#beginnings.delete(beginning))
  }

  #withLogs (error: Error, deadlineMs: number): Error {
    const tails = this.#nodes.map(({ name, log }) => `--- ${name}\n${log.trimEnd().split('\n').slice(-logTailLines).join('\n')}`)
    error.message = `${error.message}\n(for ${deadlineMs} ms)\n${tails.join('\n')}`
    return error
  }
}

async function findUdpPort (): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}
