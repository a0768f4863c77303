import { constants, fstatSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { closeOnFailure } from './close-on-failure.ts'
import type { Disk, DiskFile } from './disk.ts'
import { diskFailed, systemCode } from './disk-error.ts'
import { SystemFile } from './system-file.ts'

/** The machine's own file system. */
export const systemDisk: Disk = {
  makeFolder: (path) => attempt(`make the folder ${path}`, () => makeFolder(path)),
  list: (path) => attempt(`list ${path}`, async () => (await unlessMissing(readdir(path)) ?? []).sort()),
  open: (path) => attempt(`open ${path}`, () => openOrMake(path)),
  openExisting: (path) => attempt(`open ${path}`, () => openExisting(path)),
  replace: (path, parts) => attempt(`write ${path}`, () => replace(path, parts)),
  remove: (path) => attempt(`remove ${path}`, () => rm(path, { force: true })),
  rename: (from, to) => attempt(`rename ${from} to ${to}`, () => move(from, to))
}

async function attempt<Result> (action: string, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task()
  } catch (cause) {
    throw diskFailed(action, cause)
  }
}

async function unlessMissing<Result> (task: Promise<Result>): Promise<Result | undefined> {
  try {
    return await task
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function makeFolder (path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

async function openOrMake (path: string): Promise<DiskFile> {
  const file = await fileOf(path, constants.O_RDWR | constants.O_CREAT)
  // An empty one may be there because its maker died before this line.
  if (file.size === 0) await closeOnFailure(file, () => syncFolder(dirname(path)))
  return file
}

async function openExisting (path: string): Promise<DiskFile | undefined> {
  return await unlessMissing(fileOf(path, constants.O_RDONLY))
}

async function fileOf (path: string, flags: number): Promise<DiskFile> {
  const handle = await open(path, flags, 0o600)
  return new SystemFile(path, handle, fstatSync(handle.fd).size)
}

async function replace (path: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.new`
  try {
    const file = await fileOf(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC)
    try {
      file.write(parts, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
  await syncFolder(dirname(path))
}

async function move (from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from))
}

async function syncFolder (path: string): Promise<void> {
  let folder: FileHandle | undefined
  try {
    folder = await open(path, 'r')
    await folder.sync()
  } catch (error) {
    // Windows and some network file systems cannot sync a folder, and need not.
    if (!['EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM'].includes(systemCode(error) ?? '')) throw error
  } finally {
    await folder?.close()
  }
}
