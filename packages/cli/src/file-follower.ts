import { open, stat, type FileHandle } from 'node:fs/promises'
import { describeError, MeshError, type Clock } from '@akshi/core'
import { LineSplitter } from './line-splitter.ts'

export interface FollowOptions {
  readonly clock: Clock
  /** Ends the following. */
  readonly signal: AbortSignal
  /** Take what is in the file already; otherwise only what is written from now on. */
  readonly fromStart: boolean
}

const pollMs = 200
const chunkBytes = 65_536

/**
 * The lines of a file that grows, for as long as the signal lets it, as `tail -F` does: a file that is not there is
 * waited for, a rotated one is read to its end before its successor is, a truncated one is read anew. A truncated file
 * that grew beyond its old size before the next look (200 ms) is not recognised.
 *
 * @throws MeshError `MESH_DISK_FAILED` when the file cannot be read, and as `LineSplitter`.
 */
export async function * followFile (path: string, options: FollowOptions): AsyncGenerator<readonly string[]> {
  let file = await openFile(path)
  if (file !== undefined && !options.fromStart) await file.skip()
  try {
    while (!options.signal.aborted) {
      if (file !== undefined) yield * file.read()
      if (file === undefined || await file.isReplaced(path)) {
        const next = await openFile(path)
        if (next !== undefined) {
          if (file !== undefined) yield * finish(file)
          file = next
          continue
        }
      }
      await pause(options)
    }
  } finally {
    await file?.close()
  }
}

async function * finish (file: GrowingFile): AsyncGenerator<readonly string[]> {
  yield * file.read()
  yield file.rest()
  await file.close()
}

async function openFile (path: string): Promise<GrowingFile | undefined> {
  try {
    return new GrowingFile(await open(path, 'r'))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new MeshError('MESH_DISK_FAILED', `Cannot follow ${path}: ${describeError(cause)}.`, { cause })
  }
}

async function pause ({ clock, signal }: FollowOptions): Promise<void> {
  try {
    await clock.sleep(pollMs, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** One file that is being written, whatever its name is by now. */
class GrowingFile {
  readonly #handle: FileHandle
  readonly #chunk = Buffer.alloc(chunkBytes)
  #splitter = new LineSplitter()
  #position = 0

  constructor (handle: FileHandle) {
    this.#handle = handle
  }

  async skip (): Promise<void> {
    this.#position = (await this.#handle.stat()).size
  }

  /** The lines that were completed since the last call. */
  async * read (): AsyncGenerator<readonly string[]> {
    if ((await this.#handle.stat()).size < this.#position) this.#restart()
    for (;;) {
      const { bytesRead } = await this.#handle.read(this.#chunk, 0, chunkBytes, this.#position)
      if (bytesRead === 0) return
      this.#position += bytesRead
      yield this.#splitter.push(this.#chunk.subarray(0, bytesRead))
    }
  }

  /** The last line of a file that nobody writes any more, if it has no line end. */
  rest (): readonly string[] {
    return this.#splitter.end()
  }

  async isReplaced (path: string): Promise<boolean> {
    const own = await this.#handle.stat()
    const now = await stat(path).catch(() => undefined)
    return now !== undefined && (now.ino !== own.ino || now.dev !== own.dev)
  }

  async close (): Promise<void> {
    await this.#handle.close()
  }

  #restart (): void {
    this.#position = 0
    this.#splitter = new LineSplitter()
  }
}
