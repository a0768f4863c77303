import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { A2aNode } from './a2a-node.ts'

const script = fileURLToPath(import.meta.url)

/** A node in a process of its own, which may be killed. */
export class NodeProcess {
  readonly url: string
  readonly fetch: typeof fetch
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown>

  private constructor (child: ChildProcess, url: string, fetch: A2aNode['fetch']) {
    this.#child = child
    this.#exit = once(child, 'exit')
    this.url = url
    this.fetch = fetch
  }

  /** Resolves when it runs. It is the node of this folder and name, with more in its runtime.toml. */
  static async start (folder: string, name: string, toml: string): Promise<NodeProcess> {
    const child = spawn(process.execPath, ['--import', 'tsx/esm', '--conditions=source', script, folder, name, toml], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    if (child.stdout === null) throw new TypeError('no stdout')
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('http')) return new NodeProcess(child, line, (await A2aNode.make(folder, name)).fetch)
    }
    throw new Error('the node did not start')
  }

  /** Resolves when it has ended by itself. */
  async ended (): Promise<void> {
    await this.#exit
  }

  async kill (): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exit
  }
}

async function main ([folder = '', name = '', toml = '']: readonly string[]): Promise<void> {
  process.once('disconnect', () => process.exit())
  const node = await (await A2aNode.make(folder, name)).start({ toml })
  console.log(node.url)
}

if (process.argv[1] === script) await main(process.argv.slice(2))
