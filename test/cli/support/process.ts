import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const akshi = fileURLToPath(new URL('../../../packages/cli/bin/akshi.js', import.meta.url))

/** The shell words that run the command as it was built. */
export const command = [process.execPath, akshi].map((word) => `'${word}'`).join(' ')

/** The command as a process of its own, with what it has written so far. Dispose it: that kills it if it still runs. */
export class CommandProcess {
  stdout = ''
  stderr = ''
  readonly child: ChildProcess
  readonly #closed: Promise<unknown[]>

  constructor (argv: readonly string[], home: string, env: NodeJS.ProcessEnv = {}) {
    const whole = { ...process.env, HOME: home, NO_COLOR: '1', ...env }
    this.child = spawn(process.execPath, [akshi, ...argv], { env: whole, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout?.on('data', (chunk) => { this.stdout += String(chunk) })
    this.child.stderr?.on('data', (chunk) => { this.stderr += String(chunk) })
    this.#closed = once(this.child, 'close')
  }

  /** Resolves once stdout holds `text`; rejects with all output when the process ends before. */
  async prints (text: string): Promise<void> {
    const ended = this.#closed.then(() => true)
    while (!this.stdout.includes(text)) {
      const more = once(this.child.stdout ?? this.child, 'data').then(() => false)
      if (await Promise.race([more, ended]) && !this.stdout.includes(text)) {
        throw new Error(`ended without "${text}":\n${this.stdout}${this.stderr}`)
      }
    }
  }

  /** Resolves to the exit code, or to the name of the signal that ended it. */
  async ends (): Promise<number | string> {
    const [code, signal] = await this.#closed as [number | null, string | null]
    return code ?? signal ?? ''
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.child.kill('SIGKILL')
    await this.#closed
  }
}
