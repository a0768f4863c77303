import { fdatasyncSync, ftruncateSync, readSync, writevSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { systemClock } from '../clock.ts'
import type { DiskFile } from './disk.ts'
import { diskFailed } from './disk-error.ts'
import { SyncPace } from './sync-pace.ts'

/** One for all files: they are nearly always on one disk. */
const pace = new SyncPace()

/** An open file of the machine's own file system. */
export class SystemFile implements DiskFile {
  readonly #path: string
  readonly #handle: FileHandle
  #size: number

  constructor (path: string, handle: FileHandle, size: number) {
    this.#path = path
    this.#handle = handle
    this.#size = size
  }

  get size (): number { return this.#size }

  read (offset: number, length: number): Buffer {
    return this.#attempt('read', (fd) => {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#size - offset)))
      let filled = 0
      while (filled < bytes.length) {
        const count = readSync(fd, bytes, filled, bytes.length - filled, offset + filled)
        if (count === 0) break
        filled += count
      }
      return bytes.subarray(0, filled)
    })
  }

  write (parts: readonly Uint8Array[], offset: number): void {
    const total = parts.reduce((sum, { length }) => sum + length, 0)
    this.#attempt('write', (fd) => {
      const written = writevSync(fd, parts, offset)
      // A disk that is full takes what fits and says why only when asked for the rest.
      if (written < total) writeRest(fd, parts, offset, written)
    })
    this.#size = Math.max(this.#size, offset + total)
  }

  truncate (size: number): void {
    this.#attempt('cut', (fd) => ftruncateSync(fd, size))
    this.#size = size
  }

  async sync (): Promise<void> {
    try {
      if (pace.isQuick) return this.#syncHere()
      await this.#handle.datasync()
      pace.note(undefined)
    } catch (cause) {
      throw diskFailed(`sync ${this.#path}`, cause)
    }
  }

  #syncHere (): void {
    const startedAt = systemClock.monotonic()
    try {
      fdatasyncSync(this.#handle.fd)
    } finally {
      pace.note(systemClock.monotonic() - startedAt)
    }
  }

  async close (): Promise<void> {
    await this.#handle.close()
  }

  #attempt<Result> (action: string, task: (fd: number) => Result): Result {
    try {
      return task(this.#handle.fd)
    } catch (cause) {
      throw diskFailed(`${action} ${this.#path}`, cause)
    }
  }
}

function writeRest (fd: number, parts: readonly Uint8Array[], offset: number, written: number): void {
  const rest = Buffer.concat(parts).subarray(written)
  const more = writevSync(fd, [rest], offset + written)
  if (more < rest.length) throw Object.assign(new Error(`only ${written + more} of ${written + rest.length} bytes were written`), { code: 'ENOSPC' })
}
