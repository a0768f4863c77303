import type { StatsFs } from 'node:fs'
import { readdir, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError, ensureToken, homePaths, isMeshError, MeshError, readIdentity, shellWord, type Clock, type HomePaths, type RuntimeConfig } from '@akshi/core'
import { readToken } from '../invocation.ts'
import { sized } from '../progress.ts'
import { failed, found, type LocalFinding } from './local-finding.ts'

const fullBytes = 16 * 2 ** 20
const scarceBytes = 256 * 2 ** 20
/** A clock that is put right by a time server jumps less. */
const plausibleMs = 300_000

/** The node's folder, its key and token, the room on its disk, and whether the clock fits what is in it. `init` is the command that makes what is missing. */
export async function examineHome (config: RuntimeConfig, clock: Clock, init: string): Promise<readonly LocalFinding[]> {
  const { home } = config.node
  const broken = await findHomeProblem(home, init)
  if (broken !== undefined) return [broken]
  const paths = homePaths(home, config.mesh.id)
  const parts = await Promise.all([findKeyProblem(paths, init), findTokenProblem(config, paths), findOpenHome(home), statfs(home).then((space) => findSpaceProblem(home, space)), findClockProblem(paths, clock)])
  const problems = parts.flat()
  return problems.length > 0 ? problems : [found('ok', 'home', `${home} can be written and holds the key of ${(await readIdentity(paths.key)).did}`)]
}

/** What is wrong with the room on the disk of a folder, if anything is. */
export function findSpaceProblem (home: string, { bavail, bsize, files, ffree }: Pick<StatsFs, 'bavail' | 'bsize' | 'files' | 'ffree'>): LocalFinding[] {
  const free = bavail * bsize
  const fix = `du -xh -d 2 ${shellWord(home)} | sort -h`
  if (files > 0 && ffree === 0) return [{ ...found('failure', 'disk', `the disk of ${home} takes no more files (no inode is free)`, fix), code: 'MESH_DISK_FAILED' }]
  if (free < fullBytes) return [{ ...found('failure', 'disk', `the disk of ${home} is full: ${sized(free)} free`, fix), code: 'MESH_DISK_FAILED' }]
  return free < scarceBytes ? [found('warning', 'disk', `the disk of ${home} is nearly full: ${sized(free)} free`, fix)] : []
}

async function findHomeProblem (home: string, init: string): Promise<LocalFinding | undefined> {
  try {
    await readdir(home)
    await writeFile(join(home, '.doctor'), '')
    await rm(join(home, '.doctor'))
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return failed('home', new MeshError('MESH_KEY_MISSING', `there is no ${home}: this node was never made`), init)
    const fix = code === 'EACCES' || code === 'EPERM' ? await ownershipFix(home) : undefined
    return failed('home', new MeshError('MESH_DISK_FAILED', `${home} cannot be used: ${describeError(error)}`), fix)
  }
}

async function findKeyProblem ({ key }: HomePaths, init: string): Promise<LocalFinding[]> {
  try {
    await readIdentity(key)
    return []
  } catch (error) {
    const fix = isMeshError(error, 'MESH_KEY_MISSING') ? init : isMeshError(error, 'MESH_KEY_UNREADABLE') ? await ownershipFix(key) : undefined
    return [failed('key', error, fix)]
  }
}

/** A token that is missing is made at the start of the node. */
async function findTokenProblem (config: RuntimeConfig, { token }: HomePaths): Promise<LocalFinding[]> {
  try {
    if (config.dashboard.token === undefined && await readToken(config) !== undefined) await ensureToken(token)
    return []
  } catch (error) {
    const isEmpty = isMeshError(error, 'MESH_TOKEN_INVALID') && error.cause === undefined
    const fix = isEmpty ? `rm ${shellWord(token)}` : isMeshError(error, 'MESH_KEY_EXPOSED') ? undefined : await ownershipFix(token)
    return [failed('token', error, fix)]
  }
}

async function findOpenHome (home: string): Promise<LocalFinding[]> {
  const { mode } = await stat(home)
  if (process.platform === 'win32' || (mode & 0o022) === 0) return []
  return [found('warning', 'home', `${home} can be written by others (mode ${(mode & 0o777).toString(8)}): they can put another key there`, `chmod go-w ${shellWord(home)}`)]
}

/** A clock that stands before what the node has written was set back, or lost its battery. */
async function findClockProblem ({ key, trust, applying, journals }: HomePaths, clock: Clock): Promise<LocalFinding[]> {
  const names = await readdir(journals).catch(() => [])
  const files = [key, trust, applying, ...names.map((name) => join(journals, name))]
  const times = await Promise.all(files.map((path) => stat(path).then(({ mtimeMs }) => mtimeMs, () => 0)))
  const newestMs = Math.max(...times)
  if (newestMs - clock.now() <= plausibleMs) return []
  const [now, newest] = [clock.now(), newestMs].map((ms) => new Date(ms).toISOString())
  return [found('warning', 'clock', `this machine's clock says ${now}, and this node has written at ${newest} already: the clock is wrong`, 'sudo timedatectl set-ntp true')]
}

async function ownershipFix (path: string): Promise<string> {
  const isOwn = await stat(path).then(({ uid }) => uid === process.geteuid?.(), () => false)
  return isOwn ? `chmod u+rwX ${shellWord(path)}` : `sudo chown -R "$(id -un)" ${shellWord(path)}`
}
