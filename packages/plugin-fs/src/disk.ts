import type { BigIntStats } from 'node:fs'
import { chmod, constants, lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describeError, MeshError } from '@akshi/core'

/** The `code` of a system error, if it is one. */
export function errorCode (error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** `MESH_DISK_FAILED` with the path, the reason and the next step. An error that is one already stays as it is. */
export function diskFailed (action: string, path: string, cause: unknown): MeshError {
  if (cause instanceof MeshError) return cause
  return new MeshError('MESH_DISK_FAILED', `Cannot ${action} ${path}: ${describeError(cause)}. ${nextStep(errorCode(cause))}`, { cause })
}

function nextStep (code: string | undefined): string {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'Free some space there; sync goes on by itself.'
  if (code === 'EACCES' || code === 'EPERM') return 'Give the user of this node access to it (for a group: file_mode = "0660" on every node).'
  if (code === 'ENOENT') return 'Mount or create the folder above it; sync goes on by itself.'
  if (code === 'ENOTDIR') return 'Move away what is in its place, or set "dir" of plugin-fs to another folder.'
  return 'Check that it is mounted, writable and healthy; sync goes on by itself.'
}

/** What tells one version of a file, or of the names in a folder, from another without reading it; permissions count. */
export function stampOf ({ mtimeNs, ctimeNs, size }: BigIntStats): string {
  return `${mtimeNs}:${ctimeNs}:${size}`
}

/** The mode of folders for a mode of files: who may read the files may enter. */
export function folderMode (fileMode: number): number {
  return fileMode | ((fileMode & 0o444) >> 2)
}

/**
 * Makes a folder unless there is one; never its parents, since a missing parent is most often a missing mount. Resolves
 * to whether it made it. Rejects with system errors, as `isFolder` does.
 */
export async function makeFolder (path: string, mode: number): Promise<boolean> {
  if (await isFolder(path)) return false
  try {
    await mkdir(path, { mode })
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && await isFolder(path)) return false
    throw error
  }
  await setMode(path, mode)
  return true
}

/** Whether a folder is there. Something else in its place, a link among it, rejects with `ENOTDIR`. */
export async function isFolder (path: string): Promise<boolean> {
  try {
    if ((await lstat(path)).isDirectory()) return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
  throw Object.assign(new Error('there is something else in its place'), { code: 'ENOTDIR' })
}

/** Sets what the umask took away, and keeps setgid, by which groups share folders. */
async function setMode (path: string, mode: number): Promise<void> {
  const now = (await lstat(path)).mode & 0o7777
  if ((now & 0o777) === mode) return
  await chmod(path, (now & 0o7000) | mode).catch(ignore('EPERM', 'ENOTSUP'))       // FAT has no modes: its mount decides
}

/**
 * Writes a file so that nobody sees half of it, in place of whatever has its name. Its content is durable when this
 * resolves, its name once `syncFolder` of its folder resolved.
 */
export async function writeWhole (path: string, temporaryName: string, bytes: Uint8Array, mode: number): Promise<void> {
  const temporary = join(dirname(path), temporaryName)
  try {
    const file = await open(temporary, 'wx', mode)
    await file.writeFile(bytes).then(() => file.sync()).finally(() => file.close())
    await setMode(temporary, mode)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})                            // what failed first is what matters
    throw error
  }
}

/** Makes renames in a folder survive a power cut, where the system has a way to say so. */
export async function syncFolder (path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, constants.O_RDONLY)
  await folder.sync().catch(ignore('EINVAL', 'ENOTSUP')).finally(() => folder.close())
}

/** The content of a regular file, at most `limit` bytes of it. Links are not followed, and pipes do not block. */
export async function readUpTo (path: string, limit: number): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  try {
    const bytes = new Uint8Array(Math.min(limit, (await file.stat()).size))
    let length = 0
    for (let got = 1; got > 0 && length < bytes.length; length += got) got = (await file.read(bytes, length)).bytesRead
    return bytes.subarray(0, length)
  } finally {
    await file.close()
  }
}

function ignore (...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes(errorCode(error) ?? '')) throw error
  }
}
