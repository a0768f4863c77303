import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { tryLock } from 'fs-native-extensions'
import { describeError, isMeshError, MeshError } from './errors.ts'
import { writeNewSecret } from './secret-file.ts'

/** Where things are in a node's folder. */
export interface HomePaths {
  readonly key: string
  readonly token: string
  readonly trust: string
  readonly journals: string
  /** Which envelope is being given to Automerge; survives the process. */
  readonly applying: string
  /** Envelopes that prove forks. */
  readonly forks: string
  readonly lock: string
  /** Written while the node runs: `{ pid, url, port }`. */
  readonly running: string
}

export function homePaths (home: string, meshId = 'default'): HomePaths {
  return {
    key: join(home, 'security', 'node_key.pem'),
    token: join(home, 'security', 'token'),
    trust: join(home, 'trust.json'),
    journals: join(home, 'journals', encodeURIComponent(meshId).replaceAll('.', '%2E')),
    applying: join(home, 'applying'),
    forks: join(home, 'forks'),
    lock: join(home, 'run', 'lock'),
    running: join(home, 'run', 'node.json')
  }
}

/**
 * The token of the local API, made at the first call (32 random bytes, base64url, mode 0600).
 *
 * @throws MeshError `MESH_KEY_EXPOSED` when others may read the file, `MESH_TOKEN_INVALID` when it is empty,
 * `MESH_DISK_FAILED`.
 */
export async function ensureToken (path: string): Promise<string> {
  await writeNewSecret(path, randomBytes(32).toString('base64url') + '\n')
  try {
    const { mode } = await stat(path)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new MeshError('MESH_KEY_EXPOSED', `${path} can be read by others (mode ${(mode & 0o777).toString(8)}). Run: chmod 600 ${path}`)
    }
    const token = (await readFile(path, 'utf8')).trim()
    if (token === '') throw new MeshError('MESH_TOKEN_INVALID', `${path} is empty. Remove it: the next start makes a new token.`)
    return token
  } catch (cause) {
    if (isMeshError(cause)) throw cause
    throw new MeshError('MESH_DISK_FAILED', `Cannot read ${path}: ${describeError(cause)}. Check its owner.`, { cause })
  }
}

/** The right to be the one process that uses a node's folder. */
export class HomeLock {
  readonly #file: FileHandle

  private constructor (file: FileHandle) {
    this.#file = file
  }

  /**
   * Takes the lock, which the operating system frees when the process ends, however it ends.
   *
   * @throws MeshError `MESH_HOME_LOCKED` with the holder's process id, `MESH_DISK_FAILED`.
   */
  static async take (home: string): Promise<HomeLock> {
    const { lock } = homePaths(home)
    const file = await openLock(lock)
    if (tryLock(file.fd)) {
      await file.truncate(0)
      await file.write(`${process.pid}\n`, 0)
      return new HomeLock(file)
    }
    await file.close()
    const holder = (await readFile(lock, 'utf8')).trim()
    throw new MeshError('MESH_HOME_LOCKED', `${home} is in use by a running node${holder === '' ? '' : ` (process ${holder})`}. Stop that one, or give this one its own folder with --home.`)
  }

  async release (): Promise<void> {
    await this.#file.close()
  }
}

/** Says where the running node answers, for the CLI; `url` is empty when it has no local API. */
export async function writeRunning (path: string, running: { readonly pid: number, readonly url: string }): Promise<void> {
  const port = running.url === '' ? {} : { port: Number(new URL(running.url).port) }
  await writeFile(`${path}.tmp`, JSON.stringify({ ...running, ...port }) + '\n', { mode: 0o600 })
  await rename(`${path}.tmp`, path)
}

export async function removeRunning (path: string): Promise<void> {
  await rm(path, { force: true })
}

async function openLock (path: string): Promise<FileHandle> {
  try {
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
    return await open(path, 'a+', 0o600)
  } catch (cause) {
    throw new MeshError('MESH_DISK_FAILED', `Cannot use ${path}: ${describeError(cause)}. Check the folder's owner.`, { cause })
  }
}
