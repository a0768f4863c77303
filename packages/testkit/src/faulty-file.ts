import { isMeshError, diskFailed, type DiskFile } from '@akshi/core'
import type { FaultyInode } from './faulty-inode.ts'

/** Where write points are counted, and where they fail. */
export interface WritePoints {
  /** A write point. Throws when it is to fail or crash, after `half`: what is done of it all the same. */
  reach (action: string, half?: () => void): void
  throwIfCrashed (): void
}

/** An open file of a `FaultyDisk`. */
export class FaultyFile implements DiskFile {
  readonly #disk: WritePoints
  readonly #path: string
  readonly #inode: FaultyInode
  readonly #readOnly: boolean
  #closed = false

  constructor (disk: WritePoints, path: string, inode: FaultyInode, readOnly = false) {
    this.#disk = disk
    this.#path = path
    this.#inode = inode
    this.#readOnly = readOnly
  }

  get size (): number { return this.#inode.cached.length }

  read (offset: number, length: number): Buffer {
    this.#check('read')
    return Buffer.from(this.#inode.cached.subarray(offset, offset + length))
  }

  write (parts: readonly Uint8Array[], offset: number): void {
    this.#check('write', true)
    const bytes = Buffer.concat(parts)
    this.#disk.reach(`write ${this.#path}`, () => this.#put(bytes.subarray(0, bytes.length >> 1), offset))
    this.#put(bytes, offset)
  }

  truncate (size: number): void {
    this.#check('cut', true)
    this.#disk.reach(`cut ${this.#path}`)
    this.#inode.change({ kind: 'truncate', size })
  }

  async sync (): Promise<void> {
    this.#check('sync')
    const mark = this.#inode.mark()
    try {
      this.#disk.reach(`sync ${this.#path}`)
    } catch (error) {
      if (isMeshError(error)) this.#inode.lose(mark)
      throw error
    }
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#disk.throwIfCrashed()
    this.#inode.commit(mark)
  }

  async close (): Promise<void> {
    this.#closed = true
  }

  #put (bytes: Uint8Array, offset: number): void {
    this.#inode.change({ kind: 'write', offset, bytes })
  }

  #check (action: string, writing = false): void {
    this.#disk.throwIfCrashed()
    if (this.#closed || (writing && this.#readOnly)) throw diskFailed(`${action} ${this.#path}`, Object.assign(new Error('bad file descriptor'), { code: 'EBADF' }))
  }
}
