import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { isSnapshot, maxEnvelopeBytes, maxItemBytes, openEnvelope, parseSnapshot, peekItem, type FeedId, type PeekedItem } from '@akshi/core'
import { stampOf, readUpTo } from './disk.ts'
import type { Place } from './feed-points.ts'
import { feedOf, isSnapshotName, itemName, itemPath } from './folder-layout.ts'

/** What a good file holds. */
export interface FiledItem {
  readonly feed: FeedId
  readonly place: Place
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
 * @throws an error that says what is wrong with it, a system error among them.
 */
export async function readFiledItem (dir: string, relativePath: string, meshId: string): Promise<FiledItem> {
  const path = join(dir, relativePath)
  const maxBytes = maxBytesOf(path)
  const stats = await lstat(path)
  if (!stats.isFile()) throw new Error('it is not a regular file')
  if (stats.size > maxBytes) throw new Error(`it has ${stats.size} bytes, more than ${isSnapshotName(path) ? 'a snapshot' : 'an envelope'} may have`)
  const item = openItem(await readUpTo(path, maxBytes), meshId)
  if (itemPath(meshId, item) !== relativePath) throw new Error('what it holds belongs elsewhere')
  return { feed: feedOf(item.envelope), place: placeOf(item) }
}

/** Where an item stands in its feed. */
export function placeOf (item: PeekedItem): Place {
  const { header, id } = item.envelope
  const { seq, prev } = header
  const { segment, entries } = header.part === 'log' ? header : { segment: 0, entries: 0 }
  return { name: itemName(item), kind: item.kind, seq, id: hex(id), prev: prev === undefined ? undefined : hex(prev), segment, entries }
}

/** An item with its signature checked. */
function openItem (bytes: Uint8Array, meshId: string): PeekedItem {
  if (!isSnapshot(bytes)) openEnvelope(bytes, meshId)
  else if (!parseSnapshot(bytes, meshId).verified()) throw new Error('the signature of its proof does not fit')
  return peekItem(bytes, meshId)
}

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
