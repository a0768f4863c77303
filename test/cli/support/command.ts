import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { main, type Io } from '@akshi/cli'
import { systemClock, type Clock } from '@akshi/core'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly stdin?: Readable
  readonly env?: NodeJS.ProcessEnv
  readonly clock?: Clock
  readonly stop?: AbortSignal
  /** Stderr is a terminal of this width. */
  readonly columns?: number
  /** Stdout is a terminal of this width. */
  readonly width?: number
  /** Called with what is written to stdout. */
  readonly onOutput?: (text: string) => void
}

/** A folder of a test, in which commands run in this process with streams of their own. */
export class Folder {
  readonly path: string

  private constructor (path: string) {
    this.path = path
  }

  static async create (): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), 'akshi-cli-')))
  }

  /** Runs one command line; the folder is its working folder and holds the user's home. */
  async akshi (argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    const stdout = Object.assign(new Recorder(options.onOutput), options.width === undefined ? {} : { isTTY: true, columns: options.width })
    const stderr = Object.assign(new Recorder(), options.columns === undefined ? {} : { isTTY: true, columns: options.columns })
    const io: Io = {
      stdin: options.stdin ?? Readable.from([]),
      stdout,
      stderr,
      env: { HOME: this.path, ...options.env },
      cwd: this.path,
      clock: options.clock ?? systemClock,
      self: [],
      interruption: () => options.stop ?? new AbortController().signal,
      uncaught: () => () => {},
      leave: () => {}
    }
    return { code: await main(argv, io), stdout: stdout.text, stderr: stderr.text }
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}

/** Keeps what was written, at once. */
class Recorder extends Writable {
  text = ''
  readonly #seen: ((text: string) => void) | undefined

  constructor (seen?: (text: string) => void) {
    super()
    this.#seen = seen
  }

  override _write (chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    this.#seen?.(this.text)
    done()
  }
}
