import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { A2aNode } from './a2a-node.ts'

const akshi = fileURLToPath(new URL('../../../packages/cli/bin/akshi.js', import.meta.url))

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
    const { home, fetch } = await A2aNode.make(folder, name)
    const file = ['[node]', `name = "${name}"`, '[dashboard]', 'port = 0', 'bind = "127.0.0.1"', toml, '[[plugins]]', 'package = "@akshi/plugin-http"', '[[plugins]]', 'package = "@akshi/plugin-a2a"', '']
    await writeFile(join(home, 'runtime.toml'), file.join('\n'))
    // With the channel, the node ends when the test does.
    const child = spawn(process.execPath, [akshi, 'run', '--json', '--home', home], { cwd: home, stdio: ['ignore', 'pipe', 'ignore', 'ipc'] })
    if (child.stdout === null) throw new TypeError('no stdout')
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), once(child, 'exit').then(() => { throw new Error('the node did not start') })]) as [string]
    return new NodeProcess(child, (JSON.parse(line) as { readonly url: string }).url, fetch)
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
