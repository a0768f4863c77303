import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describeError, homePaths, loadConfig, MeshError, type LoadedConfig, type RuntimeConfig } from '@akshi/core'
import type { Command } from 'commander'
import { ApiClient } from './api-client.ts'
import type { Io } from './io.ts'
import { Terminal, wantsColour } from './terminal.ts'

/** Options that every command takes, before or after its name. */
export interface GlobalOptions {
  readonly config?: string
  readonly home?: string
  readonly json?: boolean
  readonly color: boolean
}

/** One run of the command: its global options, and what follows from them, made when it is asked for. */
export class Invocation {
  readonly io: Io
  readonly #program: Command

  constructor (io: Io, program: Command) {
    this.io = io
    this.#program = program
  }

  get options (): GlobalOptions {
    return this.#program.opts()
  }

  get terminal (): Terminal {
    const { json = false, color } = this.options
    return new Terminal(this.io.stdout, { json, colour: !json && wantsColour(this.io.stdout, this.io.env, color) })
  }

  /** A line for people on stderr; nothing with `--json`. */
  hint (text: string): void {
    if (this.options.json !== true) this.io.stderr.write(`${text}\n`)
  }

  /** A command line to show to the operator, with the options that say which node is meant. */
  command (words: string): string {
    const { config, home } = this.options
    return ['akshi', words, ...(config === undefined ? [] : ['-c', config]), ...(home === undefined ? [] : ['--home', home])].join(' ')
  }

  /**
   * The configuration, with `flags` (key paths) on top.
   *
   * @throws MeshError `MESH_CONFIG_INVALID`, `MESH_CONFIG_NOT_FOUND`.
   */
  loadConfig (flags: Readonly<Record<string, unknown>> = {}): Promise<LoadedConfig> {
    const { config, home } = this.options
    return loadConfig({ configPath: config, home, cwd: this.io.cwd, env: this.io.env, flags })
  }

  /** The folder that plugins and relative paths of a configuration are resolved from. */
  configDir ({ path }: LoadedConfig): string {
    return path === undefined ? this.io.cwd : dirname(path)
  }

  /**
   * Calls `use` with a client for the node of this home, and closes it. Nothing is dialled before the first request.
   *
   * @throws MeshError as `loadConfig`, `MESH_TOKEN_INVALID` (the token file cannot be read), and what the node answers.
   */
  async withNode<Result> (use: (client: ApiClient) => Promise<Result>): Promise<Result> {
    const { config } = await this.loadConfig()
    const token = await readToken(config)
    await using client = new ApiClient({ url: await findNode(config), home: config.node.home, ...(token === undefined ? {} : { token }) })
    return await use(client)
  }
}

/**
 * The bearer token of a home: as configured, else from its file; nothing when there is none.
 *
 * @throws MeshError `MESH_TOKEN_INVALID` when the file cannot be read.
 */
export async function readToken ({ dashboard, node }: RuntimeConfig): Promise<string | undefined> {
  return dashboard.token ?? (await readOptional(homePaths(node.home).token))?.trim()
}

/**
 * Base URL of the local API of a home: what the running node wrote down, else what is configured.
 *
 * @throws MeshError `MESH_NOT_RUNNING` when the node runs, but has none.
 */
export async function findNode (config: RuntimeConfig): Promise<string> {
  const { pid, url = `http://127.0.0.1:${config.dashboard.port}` } = await findRunning(config) ?? {}
  if (url === '') throw new MeshError('MESH_NOT_RUNNING', `The node in ${config.node.home} runs (process ${pid}), but nothing can be asked of it: no plugin gives it a local API. Enable @akshi/plugin-http under [[plugins]] and start it anew; to stop it: kill ${pid}`)
  return url
}

/** What the node of a home wrote down when it started, if its process is still there: one that was killed leaves its note. */
export async function findRunning ({ node }: RuntimeConfig): Promise<{ readonly pid: number, readonly url: string } | undefined> {
  const text = await readOptional(homePaths(node.home).running)
  const running = text === undefined ? undefined : parseNote(text)
  return running !== undefined && isAlive(running.pid) ? running : undefined
}

/** Nothing for text that no node wrote: the configuration then says where to look. */
function parseNote (text: string): { readonly pid: number, readonly url: string } | undefined {
  try {
    return JSON.parse(text) as { readonly pid: number, readonly url: string }
  } catch {
    return undefined
  }
}

function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function readOptional (path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new MeshError('MESH_TOKEN_INVALID', `Cannot read ${path}: ${describeError(cause)}. Run akshi as the user that owns the node's home.`, { cause })
  }
}
