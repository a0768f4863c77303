import { readdir, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { shellWord, type Check, type Observation } from '@akshi/core'
import { diskFailed, errorCode, writeWhole } from './disk.ts'
import { meshPath } from './folder-layout.ts'

export interface FolderCheckOptions {
  /** The shared folder, absolute. */
  readonly dir: string
  readonly meshId: string
  readonly fileMode: number
  readonly pollIntervalMs: number
  /** A name that readers of the folder pass over, another at each call. */
  readonly temporaryName: () => string
}

/** `f_type` of statfs(2) on Linux. */
const fileSystems: Readonly<Record<number, string>> = {
  0x6969: 'nfs', 0xff534d42: 'cifs', 0xfe534d42: 'smb', 0x65735546: 'fuse', 0x01021997: '9p', 0x4d44: 'fat', 0x2011bab0: 'exfat', 0x01021994: 'tmpfs', 0xef53: 'ext4', 0x9123683e: 'btrfs', 0x58465342: 'xfs'
}
/** Linux reports only what this machine itself changes on these. */
const remote: readonly string[] = ['nfs', 'cifs', 'smb', 'fuse', '9p']
const maxLookedAt = 1_000

/** Whether the shared folder can be written, by writing a file there and taking it away again; where it lies; and whether others may read what is in it. */
export function folderCheck (options: FolderCheckOptions): Check {
  return async (signal) => {
    const problem = await tryToWrite(options)
    return problem === undefined ? [await describePlace(options), ...await findReadable(options, signal)] : [problem]
  }
}

async function tryToWrite ({ dir, fileMode, temporaryName }: FolderCheckOptions): Promise<Observation | undefined> {
  const name = temporaryName()
  try {
    await writeWhole(join(dir, name), `${name}.tmp`, Buffer.from('akshi doctor\n'), fileMode)
    await rm(join(dir, name))
    return undefined
  } catch (error) {
    const fix = await mend(dir, errorCode(error))
    return { level: 'failure', message: diskFailed('write to', dir, error).message, ...fix !== undefined && { fix } }
  }
}

async function mend (dir: string, code: string | undefined): Promise<string | undefined> {
  const path = shellWord(dir)
  if (code === 'ENOENT') return `mkdir -p ${path}`
  if (code === 'ENOTDIR') return `mv ${path} ${shellWord(`${dir}.aside`)}`
  if (code === 'EROFS') return `sudo mount -o remount,rw "$(findmnt -no TARGET -T ${path})"`
  if (code !== 'EACCES' && code !== 'EPERM') return undefined
  const isOwn = await stat(dir).then(({ uid }) => uid === process.geteuid?.(), () => false)
  return isOwn ? `chmod u+rwx ${path}` : `sudo chown "$(id -un)" ${path}`
}

async function describePlace ({ dir, pollIntervalMs }: FolderCheckOptions): Promise<Observation> {
  const name = process.platform === 'linux' ? fileSystems[(await statfs(dir)).type >>> 0] : undefined
  if (name === 'tmpfs') return { level: 'note', message: `${dir} can be written, but lies in memory (tmpfs): it is empty after this machine has started anew` }
  const place = name === undefined ? '' : remote.includes(name) ? ` (${name}: what others write is seen at the next look, every ${pollIntervalMs / 1000} s)` : ` (${name})`
  return { level: 'ok', message: `${dir} can be written${place}` }
}

async function findReadable ({ dir, meshId, fileMode }: FolderCheckOptions, signal: AbortSignal): Promise<Observation[]> {
  if (process.platform === 'win32' || !await mayEnter(dir)) return []
  const file = await findOpenFile(join(dir, meshPath(meshId)), { left: maxLookedAt }, signal)
  if (file === undefined) return []
  const isMeant = (fileMode & 0o004) !== 0
  const mode = (fileMode & ~0o007).toString(8).padStart(4, '0')
  const fix = isMeant ? `file_mode = "${mode}"  # under [plugins.config] of plugin-fs in runtime.toml` : `chmod -R o-rwx ${shellWord(dir)}`
  return [{ level: 'warning', message: `every user of this machine can read the journals in ${dir}, for instance ${file}`, fix }]
}

/** Whether a user who is neither owner nor of the group gets into a folder. */
async function mayEnter (dir: string): Promise<boolean> {
  if (((await stat(dir)).mode & 0o001) === 0) return false
  return dirname(dir) === dir || await mayEnter(dirname(dir))
}

async function findOpenFile (path: string, budget: { left: number }, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted()
  const found = await stat(path).catch(() => undefined)                             // it may be gone again
  if (found === undefined || budget.left-- <= 0) return undefined
  if (!found.isDirectory()) return (found.mode & 0o004) === 0 ? undefined : path
  if ((found.mode & 0o001) === 0) return undefined
  for (const name of await readdir(path)) {
    const file = await findOpenFile(join(path, name), budget, signal)
    if (file !== undefined) return file
  }
}
