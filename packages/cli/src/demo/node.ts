import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { homePaths, MeshError, type Did } from '@akshi/core'
import { ApiClient } from '../api-client.ts'
import type { Io } from '../io.ts'
import { readLines } from '../line-splitter.ts'

export interface DemoNodeOptions {
  readonly name: string
  readonly home: string
  readonly did: Did
  readonly io: Io
}

const stopDeadlineMs = 10_000
const keptLogLines = 8

/** A node of the demo: `akshi run` as a process of its own. */
export class DemoNode {
  readonly name: string
  readonly home: string
  readonly did: Did
  readonly #io: Io
  readonly #log: string[] = []
  #child: ChildProcess | undefined
  #exited: Promise<unknown> = Promise.resolve()
  #client: ApiClient | undefined
  #ended: string | undefined

  constructor ({ name, home, did, io }: DemoNodeOptions) {
    this.name = name
    this.home = home
    this.did = did
    this.#io = io
  }

  /** Resolves when the node says that it runs. Throws an `Error` with the end of its log when it ends instead. */
  async start (): Promise<void> {
    const [program = '', ...words] = this.#io.self
    // Its own process group, so that Ctrl-C reaches the demo alone; the channel ends it if the demo is killed.
    const child = spawn(program, [...words, 'run', '--json', '--config', join(this.home, 'runtime.toml')], {
      cwd: this.#io.cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: nodeEnvironment(this.#io.env)
    })
    this.#child = child
    this.#exited = once(child, 'close').then(([code, signal]) => { this.#ended = signal === null ? `exit code ${code}` : `${signal}` })
    const logged = this.#keepLog(child.stderr as AsyncIterable<Uint8Array>)
    const { url } = await this.#announced(child.stdout as AsyncIterable<Uint8Array>, logged)
    const token = (await readFile(homePaths(this.home).token, 'utf8')).trim()
    this.#client = new ApiClient({ url, home: this.home, token })
  }

  /** The node's local API. Only after `start`. */
  get client (): ApiClient {
    if (this.#client === undefined) throw new TypeError(`Node ${this.name} was not started`)
    return this.#client
  }

  get pid (): number | undefined {
    return this.#child?.pid
  }

  /** How the process ended, if it did, with its last log lines. */
  get end (): { readonly how: string, readonly log: readonly string[] } | undefined {
    return this.#ended === undefined ? undefined : { how: this.#ended, log: this.#log }
  }

  /** Resolves when the process is gone; one that does not stop in time is killed. */
  async stop (): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]()
    if (this.#child === undefined || this.#ended !== undefined) return
    this.#child.kill('SIGTERM')
    const timer = this.#io.clock.timer(stopDeadlineMs, () => this.#child?.kill('SIGKILL'))
    await this.#exited
    timer.cancel()
  }

  async #announced (stdout: AsyncIterable<Uint8Array>, logged: Promise<void>): Promise<{ url: string }> {
    for await (const [line] of readLines(stdout)) {
      if (line !== undefined && line !== '') return JSON.parse(line) as { url: string }
    }
    await Promise.all([logged, this.#exited])
    throw new MeshError('MESH_NOT_RUNNING', `Node ${this.name} did not start (${this.#ended}):\n${this.#log.join('\n')}`)
  }

  async #keepLog (stderr: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const lines of readLines(stderr)) {
      this.#log.push(...lines)
      this.#log.splice(0, this.#log.length - keptLogLines)
    }
  }
}

/** The environment without our own variables: they would win over the demo's configuration. */
function nodeEnvironment (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AKSHI_')))
}
