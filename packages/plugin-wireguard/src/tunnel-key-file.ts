import { join } from 'node:path'
import { isMeshError, MeshError, readSecret, writeNewSecret } from '@akshi/core'
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
  const text = (await readSecret(path, { name: 'WireGuard key', command: 'akshi mesh keygen' })).trim()
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
