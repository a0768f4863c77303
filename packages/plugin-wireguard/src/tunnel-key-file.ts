import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describeError, isMeshError, MeshError } from '@akshi/core'
import { createTunnelKey, tunnelKeyFromPrivate, type TunnelKey } from './tunnel-key.ts'

/** Where a node keeps the private key of its tunnels: beside its node key, as `wg genkey` would write it. */
export function tunnelKeyPath (home: string): string {
  return join(home, 'security', 'wireguard_key')
}

/**
 * Reads a private key: 32 bytes in base64, one line.
 *
 * @throws MeshError `MESH_KEY_MISSING`, `MESH_KEY_UNREADABLE`, `MESH_KEY_EXPOSED` (others may read the file) or
 * `MESH_KEY_INVALID`.
 */
export async function readTunnelKey (path: string): Promise<TunnelKey> {
  const text = (await readSecret(path)).trim()
  try {
    const bytes = Buffer.from(text, 'base64')
    if (bytes.toString('base64') !== text) throw new TypeError('it is not base64')
    return tunnelKeyFromPrivate(bytes)
  } catch (cause) {
    throw new MeshError('MESH_KEY_INVALID', `${path} holds no WireGuard private key (one line, as "wg genkey" prints it). Restore it, or remove it: the next start makes a new key and tells the peers.`, { cause })
  }
}

/**
 * The key at `path`, made at the first call (mode 0600). An existing file is never replaced, whoever else starts at the same moment.
 * Resolves once the key is on disk.
 *
 * @throws MeshError as `readTunnelKey`, and `MESH_DISK_FAILED` when the file cannot be written.
 */
export async function ensureTunnelKey (path: string): Promise<{ readonly key: TunnelKey, readonly created: boolean }> {
  try {
    return { key: await readTunnelKey(path), created: false }
  } catch (error) {
    if (!isMeshError(error, 'MESH_KEY_MISSING')) throw error
  }
  const created = await writeNewSecret(path, Buffer.from(createTunnelKey().privateKey).toString('base64') + '\n')
  return { key: await readTunnelKey(path), created }
}

async function readSecret (path: string): Promise<string> {
  try {
    const { mode } = await stat(path)
    if (process.platform === 'win32' || (mode & 0o077) === 0) return await readFile(path, 'utf8')
    throw new MeshError('MESH_KEY_EXPOSED', `${path} can be read by others (mode ${(mode & 0o777).toString(8)}). Run: chmod 600 ${path}`)
  } catch (cause) {
    if (isMeshError(cause)) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new MeshError('MESH_KEY_MISSING', `There is no WireGuard key at ${path}. Run: akshi mesh keygen`, { cause })
    throw new MeshError('MESH_KEY_UNREADABLE', `Cannot read the WireGuard key ${path}: ${describeError(cause)}. Check its owner.`, { cause })
  }
}

/** Whole or not at all. Resolves to whether this call wrote it. */
async function writeNewSecret (path: string, text: string): Promise<boolean> {
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

async function linkNew (file: string, path: string): Promise<boolean> {
  try {
    await link(file, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
