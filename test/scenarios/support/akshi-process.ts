import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const akshi = fileURLToPath(new URL('../../../packages/cli/bin/akshi.js', import.meta.url))

/** How a command ended, with all that it wrote. */
export interface Outcome {
  /** Exit code, or the name of the signal that ended it. */
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

/** The built `akshi` command as a process of its own, without a terminal. It ends when the test's process does. */
export class AkshiProcess {
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown[]>

  /** `home` is the home folder of the user, not that of a node. */
  constructor (argv: readonly string[], home: string) {
    // The channel ends a node whose test was killed: `akshi run` stops when it is closed.
    this.#child = spawn(process.execPath, [akshi, ...argv], { cwd: home, env: environment(home), stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.#child.stdout?.on('data', (chunk) => { this.stdout += String(chunk) })
    this.#child.stderr?.on('data', (chunk) => { this.stderr += String(chunk) })
    this.#closed = once(this.#child, 'close')
  }

  get pid (): number | undefined { return this.#child.pid }

  signal (name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Resolves when the process is gone and everything it wrote is here. */
  async ends (): Promise<Outcome> {
    const [code, signal] = await this.#closed as [number | null, string | null]
    return { code: code ?? signal ?? '', stdout: this.stdout, stderr: this.stderr }
  }

  /** The first line on stdout. Rejects with what the process wrote when it ends before. */
  async firstLine (): Promise<string> {
    const ended = this.#closed.then(() => true)
    while (!this.stdout.includes('\n')) {
      const more = once(this.#child.stdout ?? this.#child, 'data').then(() => false)
      if (await Promise.race([more, ended]) && !this.stdout.includes('\n')) {
        throw new Error(`akshi ended (${(await this.ends()).code}) and wrote no line:\n${this.stderr}`)
      }
    }
    return this.stdout.slice(0, this.stdout.indexOf('\n'))
  }
}

/** Runs a command to its end. */
export function runAkshi (argv: readonly string[], home: string): Promise<Outcome> {
  return new AkshiProcess(argv, home).ends()
}

/** As an operator's shell would have it: nothing of ours, which would win over runtime.toml, and nothing of the test runner's. */
function environment (home: string): NodeJS.ProcessEnv {
  const plain = Object.entries(process.env).filter(([name]) => !name.startsWith('AKSHI_') && name !== 'NODE_PATH' && name !== 'NODE_OPTIONS')
  return { ...Object.fromEntries(plain), HOME: home, NO_COLOR: '1' }
}
