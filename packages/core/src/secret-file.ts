import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describeError, isMeshError, MeshError } from './errors.ts'

/** What a secret file holds, for messages, and what makes it. */
export interface SecretKind {
  readonly name: string
  readonly command: string
}

/**
 * The text of a file that nobody else may read.
 *
 * @throws MeshError `MESH_KEY_MISSING`, `MESH_KEY_UNREADABLE` or `MESH_KEY_EXPOSED` (others may read the file).
 */
export async function readSecret (path: string, { name, command }: SecretKind): Promise<string> {
  try {
    const { mode } = await stat(path)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new MeshError('MESH_KEY_EXPOSED', `${path} can be read by others (mode ${(mode & 0o777).toString(8)}). Run: chmod 600 ${path}`)
    }
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (isMeshError(cause)) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new MeshError('MESH_KEY_MISSING', `There is no ${name} at ${path}. Run: ${command}`, { cause })
    throw new MeshError('MESH_KEY_UNREADABLE', `Cannot read the ${name} ${path}: ${describeError(cause)}. Check its owner.`, { cause })
  }
}

/**
 * Writes a file of mode 0600 whole or not at all, unless `path` exists. Resolves to whether this call wrote it.
 *
 * @throws MeshError `MESH_DISK_FAILED`.
 */
export async function writeNewSecret (path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    return await linkNew(temporary, path)
  } catch (cause) {
    throw new MeshError('MESH_DISK_FAILED', `Cannot write ${path}: ${describeError(cause)}. Check the folder's owner and free space.`, { cause })
  } finally {
    await rm(temporary, { force: true }).catch(() => {})      // whatever went wrong was said above
  }
}

/** Gives a file its name unless that is taken. Resolves to whether it was free. */
async function linkNew (file: string, path: string): Promise<boolean> {
  try {
    await link(file, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
