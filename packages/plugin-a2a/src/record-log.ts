import { mkdir, open, rename, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describeError, MeshError } from '@akshi/core'

/** What is written to a log: anything that JSON can say. */
export type LogRecord = Readonly<Record<string, unknown>>

/**
 * Records on disk, a line of JSON each, in the order of `append`. What survives a crash is a beginning of what was appended, with all
 * that was durable; a torn last line is left out.
 */
export class RecordLog {
  readonly #path: string
  readonly #what: string
  #file: FileHandle | undefined
  #waiting: { readonly line: string, readonly done: (error?: Error) => void }[] = []
  #writing: Promise<void> | undefined
  #rewriting: readonly LogRecord[] | undefined
  #bytes = 0
  /** A write has failed: its last line may have no end. */
  #isTorn = false

  /** `what` it keeps, for messages to people. */
  constructor (path: string, what = 'A2A tasks') {
    this.#path = path
    this.#what = what
  }

  /** Length of the file. */
  get bytes (): number { return this.#bytes }

  /** Gives what the file holds, oldest first, and opens it. Throws `MESH_DISK_FAILED`. */
  async open (): Promise<readonly LogRecord[]> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      const records = await readRecords(this.#path)
      await this.#replace(records)
      return records
    } catch (cause) {
      throw this.#failed(cause)
    }
  }

  /** Resolves when the record is durable; records that wait together become so together. Throws `MESH_DISK_FAILED`, `MESH_NOT_RUNNING`. */
  async append (record: LogRecord): Promise<void> {
    if (this.#file === undefined) throw new MeshError('MESH_NOT_RUNNING', `The node has stopped, so nothing more of ${this.#what} is kept.`)
    const line = JSON.stringify(record) + '\n'
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line, done: (error) => error === undefined ? resolve() : reject(error) })
      this.#writing ??= this.#drain()
    })
  }

  /** Puts these in place of all that the file holds now; what is appended afterwards follows them. */
  rewrite (records: readonly LogRecord[]): void {
    this.#rewriting = records
    this.#writing ??= this.#drain()
  }

  /** Resolves when all that was appended is durable and the file is closed. */
  async close (): Promise<void> {
    await this.#writing
    await this.#file?.close()
    this.#file = undefined
  }

  async #drain (): Promise<void> {
    await Promise.resolve()                       // those that are appended in the same turn go together
    while (this.#waiting.length > 0 || this.#rewriting !== undefined) {
      const batch = this.#waiting
      this.#waiting = []
      const error = await this.#write(batch.map(({ line }) => line).join('')).then(() => undefined, (cause: unknown) => this.#failed(cause))
      for (const { done } of batch) done(error)
    }
    this.#writing = undefined
  }

  async #write (text: string): Promise<void> {
    const records = this.#rewriting
    this.#rewriting = undefined
    if (records !== undefined) await this.#replace(records)
    if (text === '') return
    const start = this.#isTorn ? '\n' : ''
    this.#isTorn = true
    await this.#file?.appendFile(start + text)
    await this.#file?.datasync()
    this.#isTorn = false
    this.#bytes += Buffer.byteLength(text)
  }

  async #replace (records: readonly LogRecord[]): Promise<void> {
    const file = await open(`${this.#path}.new`, 'w', 0o600)
    for (const record of records) await file.appendFile(JSON.stringify(record) + '\n')
    await file.sync()
    await file.close()
    await rename(`${this.#path}.new`, this.#path)
    await syncFolder(dirname(this.#path))
    await this.#file?.close()
    this.#file = await open(this.#path, 'a', 0o600)
    this.#bytes = (await this.#file.stat()).size
  }

  #failed (cause: unknown): MeshError {
    return new MeshError('MESH_DISK_FAILED', `${this.#what[0]?.toUpperCase()}${this.#what.slice(1)} cannot be kept in ${this.#path}: ${describeError(cause)}. Check the disk and the folder's owner.`, { cause })
  }
}

async function readRecords (path: string): Promise<LogRecord[]> {
  const file = await open(path, 'r').catch(missing)
  const records: LogRecord[] = []
  if (file === undefined) return records
  try {
    for await (const line of file.readLines({ autoClose: false })) {
      try {
        records.push(JSON.parse(line) as LogRecord)
      } catch {
        // What a crash has torn, or what the disk has spoiled: the others stand.
      }
    }
    return records
  } finally {
    await file.close()
  }
}

async function syncFolder (path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function missing (error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}
