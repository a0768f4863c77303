import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const akshi = fileURLToPath(new URL('../../packages/cli/bin/akshi.js', import.meta.url))

/** Why network namespaces cannot be made here; nothing when they can. */
export function reasonWithoutNamespaces (): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are Linux\'s'
  if (process.getuid?.() !== 0) return 'making network namespaces needs root'
  try {
    const name = `akshi-probe-${process.pid}`
    ip('netns', 'add', name)
    ip('netns', 'del', name)
  } catch (error) {
    return `"ip netns add" does not work: ${(error as Error).message.split('\n')[0]}`
  }
}

/** Two hosts on a network of their own: a cable between two network namespaces, which nothing else is on. */
export class TwoHosts implements AsyncDisposable {
  readonly #folder: string
  readonly #names: readonly string[]
  readonly #nodes: ChildProcess[] = []

  private constructor (folder: string, names: readonly string[]) {
    this.#folder = folder
    this.#names = names
  }

  static async make (): Promise<TwoHosts> {
    const names = [0, 1].map((host) => `akshi-${process.pid}-${host}`)
    const hosts = new TwoHosts(await mkdtemp(join(tmpdir(), 'akshi-live-')), names)
    try {
      for (const name of names) ip('netns', 'add', name)
      ip('-n', hosts.#name(0), 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', hosts.#name(1))
      for (const host of [0, 1]) {
        ip('-n', hosts.#name(host), 'address', 'add', `10.77.0.${host + 1}/24`, 'dev', 'eth0')
        for (const device of ['lo', 'eth0']) ip('-n', hosts.#name(host), 'link', 'set', device, 'up')
      }
      return hosts
    } catch (error) {
      await hosts[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Makes a node with nothing but a name, and runs it. Resolves when it runs. */
  async startNode (host: number, ...argv: string[]): Promise<void> {
    await this.akshi(host, 'init', '--name', `host${host}`)
    const node = spawn('ip', this.#command(host, 'run', ...argv), { stdio: ['ignore', 'pipe', 'ignore'], env: this.#environment(host) })
    this.#nodes.push(node)
    await once(node.stdout, 'data')
  }

  /** Runs a command beside a node. Resolves to what it printed; rejects unless it ends with exit code 0. */
  async akshi (host: number, ...argv: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('ip', this.#command(host, ...argv), { env: this.#environment(host) })
    return stdout
  }

  /** Pulls or plugs the cable. */
  setCable (state: 'up' | 'down'): void {
    ip('-n', this.#name(0), 'link', 'set', 'eth0', state)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const node of this.#nodes) {
      const ended = once(node, 'exit')
      if (node.kill('SIGKILL')) await ended
    }
    for (const name of this.#names) ip('netns', 'del', name)
    await rm(this.#folder, { recursive: true })
  }

  #name (host: number): string {
    return this.#names[host] ?? ''
  }

  /** `ip netns exec` becomes the command, so that a signal reaches the node itself. */
  #command (host: number, ...argv: string[]): string[] {
    return ['netns', 'exec', this.#name(host), process.execPath, akshi, ...argv]
  }

  #environment (host: number): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, HOME: join(this.#folder, String(host)) }
  }
}

/** `ip` with these words. Throws what it wrote when it fails. */
export function ip (...words: string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}
