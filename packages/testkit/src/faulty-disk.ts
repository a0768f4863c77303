import { basename, dirname } from 'node:path'
import { diskFailed, type Random, type Disk, type DiskFile } from '@akshi/core'
import { FaultyFile, type WritePoints } from './faulty-file.ts'
import { FaultyInode } from './faulty-inode.ts'
import { FaultyNames } from './faulty-names.ts'

/** The process or the power is gone: nothing that was asked for after this happened. */
export class CrashError extends Error {
  override readonly name = 'CrashError'
}

/** True when a call ends in a crash, false when it gets through; any other failure is passed on. */
export async function crashes (call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call()
    return false
  } catch (error) {
    if (error instanceof CrashError) return true
    throw error
  }
}

/**
 * A disk in memory, with a page cache, that fails when told to. What was not synced is in doubt after a power cut: bytes
 * (see `FaultyInode`) and names (see `FaultyNames`). Folders are durable once made.
 *
 * A write point is whatever may fail or be cut short by a crash: a write, cut or sync of a file, the sync of a folder, and
 * the making, renaming or removal of a name. `replace` has five of them. They are numbered from 1.
 */
export class FaultyDisk implements Disk, WritePoints {
  readonly #names: FaultyNames
  readonly #folders: Set<string>
  #points = 0
  #crashAt = Infinity
  #failure = { from: Infinity, until: Infinity, code: '' }

  constructor (names = new FaultyNames(), folders: Iterable<string> = ['/', '.']) {
    this.#names = names
    this.#folders = new Set(folders)
  }

  /** How many write points there were. */
  get points (): number { return this.#points }

  /**
   * Makes the n-th write point fail, and `times - 1` after it; `failAt(0)` ends that. Of a write that fails the first half
   * is done; what a sync that fails was to cover is never made durable by a later one.
   */
  failAt (point: number, code = 'EIO', times = 1): void {
    this.#failure = { from: point, until: point + times, code }
  }

  /** The n-th write point is not done, or by half if it is a write; it and everything after it throws `CrashError`. */
  crashAt (point: number): void {
    this.#crashAt = point
  }

  /** The disk as found after the process was killed: all that was written is there, and no more durable than before. */
  afterKill (): FaultyDisk {
    return new FaultyDisk(this.#names.copy(), this.#folders)
  }

  /** The disk as found after the power went, in one of the many ways it may be. */
  afterCrash ({ random }: { readonly random: Random }): FaultyDisk {
    return new FaultyDisk(this.#names.afterPowerCut(random), this.#folders)
  }

  /** Paths of all files, sorted. */
  paths (): string[] {
    return this.#names.paths
  }

  /** The bytes of a file as programs see them. */
  contentOf (path: string): Buffer {
    return Buffer.from(this.#inode(path).cached)
  }

  /** Puts a file there, durable, as if it always had been. */
  place (path: string, bytes: Uint8Array): void {
    this.#folders.add(dirname(path))
    this.#names.change({ come: [path, new FaultyInode(bytes)] })
    this.#names.commit(dirname(path))
  }

  /** Turns one bit of a file, as a bad disk does. Bit 0 is the lowest. */
  flip (path: string, byte: number, bit: number): void {
    this.#inode(path).tamper((bytes) => Buffer.from(bytes.map((value, at) => at === byte ? value ^ (1 << bit) : value)))
  }

  /** Cuts a file, as a bad disk does. */
  truncate (path: string, size: number): void {
    this.#inode(path).tamper((bytes) => bytes.subarray(0, size))
  }

  async makeFolder (path: string): Promise<void> {
    this.reach(`make the folder ${path}`)
    for (let folder = path; !this.#folders.has(folder); folder = dirname(folder)) this.#folders.add(folder)
  }

  async list (path: string): Promise<string[]> {
    this.throwIfCrashed()
    return this.paths().filter((file) => dirname(file) === path).map((file) => basename(file))
  }

  async open (path: string): Promise<DiskFile> {
    this.throwIfCrashed()
    const inode = this.#names.find(path) ?? this.#make(path)
    if (inode.cached.length === 0) this.#syncFolder(path)
    return new FaultyFile(this, path, inode)
  }

  async openExisting (path: string): Promise<DiskFile | undefined> {
    this.throwIfCrashed()
    const inode = this.#names.find(path)
    return inode === undefined ? undefined : new FaultyFile(this, path, inode, true)
  }

  async replace (path: string, parts: readonly Uint8Array[]): Promise<void> {
    const temporary = `${path}.new`
    try {
      const file = new FaultyFile(this, temporary, this.#make(temporary))
      file.write(parts, 0)
      await file.sync()
      this.#move(temporary, path)
    } catch (error) {
      await this.remove(temporary).catch(() => {})
      throw error
    }
    this.#syncFolder(path)
  }

  async remove (path: string): Promise<void> {
    this.reach(`remove ${path}`)
    this.#names.change({ gone: path })
  }

  async rename (from: string, to: string): Promise<void> {
    this.#move(from, to)
    this.#syncFolder(to)
    if (dirname(from) !== dirname(to)) this.#syncFolder(from)
  }

  reach (action: string, half = () => {}): void {
    this.throwIfCrashed()
    const point = ++this.#points
    const { from, until, code } = this.#failure
    const crashed = point >= this.#crashAt
    if (!crashed && (point < from || point >= until)) return
    half()
    if (crashed) throw new CrashError(`Crashed at write point ${point}: ${action}`)
    throw diskFailed(action, systemError(code, `write point ${point} was told to fail`))
  }

  /** True once the write point of `crashAt` was reached. */
  get isCrashed (): boolean { return this.#points >= this.#crashAt }

  throwIfCrashed (): void {
    if (this.isCrashed) throw new CrashError('Crashed')
  }

  #inode (path: string): FaultyInode {
    const inode = this.#names.find(path)
    if (inode === undefined) throw diskFailed(`open ${path}`, systemError('ENOENT', 'no such file or directory'))
    return inode
  }

  #make (path: string): FaultyInode {
    this.reach(`make ${path}`)
    if (!this.#folders.has(dirname(path))) throw diskFailed(`open ${path}`, systemError('ENOENT', 'no such file or directory'))
    const inode = new FaultyInode()
    this.#names.change({ come: [path, inode] })
    return inode
  }

  #move (from: string, to: string): void {
    this.reach(`rename ${from} to ${to}`)
    this.#names.change({ gone: from, come: [to, this.#inode(from)] })
  }

  #syncFolder (path: string): void {
    this.reach(`sync the folder ${dirname(path)}`)
    this.#names.commit(dirname(path))
  }
}

function systemError (code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
