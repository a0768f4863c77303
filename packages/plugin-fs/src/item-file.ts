import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { isSnapshot, maxEnvelopeBytes, maxItemBytes, MeshError, openEnvelope, parseSnapshot, peekItem, spotOf, type FeedId, type FeedSpot, type PeekedItem } from '@akshi/core'
import { stampOf, readUpTo } from './disk.ts'
import { feedOf, isSnapshotName, itemName, itemPath } from './folder-layout.ts'

/** What a good file holds. */
export interface FiledItem {
  readonly feed: FeedId
  /** Its key is the name of the file. */
  readonly spot: FeedSpot
}

/** The stamp of a file that is there. Rejects with `ENOENT` and other system errors; follows no link. */
export async function readStamp (path: string): Promise<string> {
  return stampOf(await lstat(path, { bigint: true }))
}

/** The most bytes that the file of this name may have. */
export function maxBytesOf (name: string): number {
  return isSnapshotName(name) ? maxItemBytes : maxEnvelopeBytes
}

/**
 * Reads an item where it is kept. The signature is checked too: an id does not cover it, so a file with a damaged one
 * would pass for a good copy and nobody would put it right. What is inside a snapshot is for whoever reads it to check.
 *
 * @param relativePath where it is below `dir`; what it holds must belong exactly there
 * @throws MeshError `MESH_ENVELOPE_INVALID` that says what is wrong with it, or an error of the system.
 */
export async function readFiledItem (dir: string, relativePath: string, meshId: string): Promise<FiledItem> {
  const path = join(dir, relativePath)
  const maxBytes = maxBytesOf(path)
  const stats = await lstat(path)
  if (!stats.isFile()) throw new MeshError('MESH_ENVELOPE_INVALID', 'it is not a regular file')
  if (stats.size > maxBytes) throw new MeshError('MESH_ENVELOPE_INVALID', `it has ${stats.size} bytes, more than ${isSnapshotName(path) ? 'a snapshot' : 'an envelope'} may have`)
  const item = openItem(await readUpTo(path, maxBytes), meshId)
  if (itemPath(meshId, item) !== relativePath) throw new MeshError('MESH_ENVELOPE_INVALID', 'what it holds belongs elsewhere')
  return { feed: feedOf(item.envelope), spot: spotOf(itemName(item), item) }
}

/** An item with its signature checked. */
function openItem (bytes: Uint8Array, meshId: string): PeekedItem {
  if (!isSnapshot(bytes)) openEnvelope(bytes, meshId)
  else if (!parseSnapshot(bytes, meshId).verified()) throw new MeshError('MESH_ENVELOPE_INVALID', 'the signature of its proof does not fit')
  return peekItem(bytes, meshId)
}
