export { systemDisk } from './system-disk.ts'

/** What an acknowledged write survives: `fsync` a power cut, `os` only the death of the process. */
export type Durability = 'fsync' | 'os'

/** An open file. All but `sync` and `close` happen at once and block the process: for small or cached ranges. */
export interface DiskFile {
  /** Length when it was opened, then as changed through this handle; after a write that failed, more bytes may stand there. */
  readonly size: number
  /** Bytes of the caller's own; fewer than asked for at the end of the file. */
  read (offset: number, length: number): Buffer
  /** Writes all parts one after the other, or throws; then any number of the bytes may have been written. */
  write (parts: readonly Uint8Array[], offset: number): void
  truncate (size: number): void
  /**
   * Resolves when all that was written and cut before the call survives a power cut. After a failure nobody knows what is
   * on the disk, and a later `sync` does not say: write it again (LWN 752063, "PostgreSQL's fsync() surprise").
   */
  sync (): Promise<void>
  close (): Promise<void>
}

/**
 * The file system as journals need it, and nothing more, so that tests can put a disk that fails in its place. Every
 * method throws `MESH_DISK_FAILED`, which names the path and the next step. Nothing here locks: there is one process to
 * a home, and callers write a path one at a time.
 */
export interface Disk {
  /** Makes a folder (0700) and those above it. They are there after a power cut. */
  makeFolder (path: string): Promise<void>
  /** Names in a folder, sorted; none when there is no such folder. After a crash there may be `*.new`, left by `replace`. */
  list (path: string): Promise<string[]>
  /** For reading and writing. An empty file (0600) is made if there is none; it is there after a power cut. */
  open (path: string): Promise<DiskFile>
  /** For reading alone; `undefined` when there is no such file. */
  openExisting (path: string): Promise<DiskFile | undefined>
  /** Puts a file (0600) in place of the one there, if any. At any crash, one of the two is there, whole; once resolved, the new one. */
  replace (path: string, parts: readonly Uint8Array[]): Promise<void>
  /** Removes a file if it is there. It may be back after a power cut. */
  remove (path: string): Promise<void>
  /** Renames a file, over another if need be. Once resolved it survives a power cut. */
  rename (from: string, to: string): Promise<void>
}
