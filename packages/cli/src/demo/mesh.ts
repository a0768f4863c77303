import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ensureIdentity, ensureToken, homePaths, shortDid, type Did } from '@akshi/core'
import type { Io } from '../io.ts'
import { DemoNode } from './node.ts'
import { demoConfig } from './node-config.ts'

const names = ['alpha', 'beta', 'gamma']

/**
 * Three nodes and the temporary folder they live in. Dispose it, however the demo ends: that stops the nodes and
 * removes the folder.
 */
export class DemoMesh {
  readonly nodes: readonly DemoNode[]
  readonly #folder: string

  private constructor (folder: string, nodes: readonly DemoNode[]) {
    this.#folder = folder
    this.nodes = nodes
  }

  /** Prepares the homes; nothing runs yet. With `peers` the nodes discover each other, else they share a folder alone. */
  static async create (io: Io, peers: boolean): Promise<DemoMesh> {
    const folder = await mkdtemp(join(tmpdir(), 'akshi-demo-'))
    // A mesh and a port of its own: two demos on one machine never meet.
    const meshId = basename(folder)
    const mdnsPort = peers ? await findUdpPort() : undefined
    const nodes = await Promise.all(names.map(async (name) => {
      const home = join(folder, name)
      const paths = homePaths(home)
      const { identity } = await ensureIdentity(paths.key)
      await ensureToken(paths.token)
      await writeFile(join(home, 'runtime.toml'), demoConfig({ name, home, meshId, sharedDir: join(folder, 'shared'), mdnsPort }))
      return new DemoNode({ name, home, did: identity.did, io })
    }))
    return new DemoMesh(folder, nodes)
  }

  /**
   * Resolves when all nodes run. Without discovery each is told whom to trust, as an operator would.
   *
   * @throws Error when one of them does not come up, with the end of its log.
   */
  async start (peers: boolean): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()))
    if (peers) return
    for (const node of this.nodes) {
      for (const { did } of this.nodes.filter((other) => other !== node)) await node.client.trust(did)
    }
  }

  /** What the demo calls a node. */
  nameOf (did: Did): string | undefined {
    return this.nodes.find((node) => node.did === did)?.name
  }

  /** `text` with the names of its nodes for their DIDs, which say nothing to a newcomer. */
  withNames (text: string): string {
    return this.nodes.reduce((named, { did, name }) => named.replaceAll(did, name).replaceAll(shortDid(did), name), text)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
    await rm(this.#folder, { recursive: true, force: true })
  }
}

async function findUdpPort (): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}
