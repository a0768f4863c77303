import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { FeedId, JournalEnvelope, PeekedItem } from '@akshi/core'

const version = 'akshi-mesh/folder/v1'

/** The folder of a mesh below the shared one, so that several meshes share it and none reads a file of another. */
export function meshPath (meshId: string): string {
  return shortHash(`${version}\0${meshId}`)
}

/** The folder of a feed below the shared one: mesh, journal, then origin, with `.state` behind it for that part. */
export function feedPath (meshId: string, { journal, part, origin }: FeedId): string {
  const folder = origin.slice('did:key:'.length) + (part === 'state' ? '.state' : '')
  return join(meshPath(meshId), shortHash(`${version}\0${meshId}\0${journal}`), folder)
}

/** The file of an item below the shared folder. All of it follows from what was signed, so a reader can check it. */
export function itemPath (meshId: string, item: PeekedItem): string {
  return join(feedPath(meshId, feedOf(item.envelope)), itemName(item))
}

/**
 * Number and first half of the id, of a snapshot those of its proof: names sort in feed order, and both sides of a fork
 * have their place.
 */
export function itemName ({ kind, envelope: { header, id } }: PeekedItem): string {
  return `${String(header.seq).padStart(12, '0')}-${Buffer.from(id).toString('hex', 0, 16)}.${kind === 'snapshot' ? 'snap' : 'env'}`
}

/** The feed that an envelope is part of. */
export function feedOf ({ origin, header: { journal, part } }: JournalEnvelope): FeedId {
  return { journal, part, origin }
}

/** True for what `feedPath` may have between mesh and origin. */
export function isJournalFolderName (name: string): boolean {
  return /^[0-9a-f]{32}$/.test(name)
}

/** True for what `feedPath` may end in. */
export function isFeedFolderName (name: string): boolean {
  return /^z6Mk[1-9A-HJ-NP-Za-km-z]{40,44}(\.state)?$/.test(name)
}

/** True for what `itemName` may return. */
export function isItemName (name: string): boolean {
  return /^\d{12,16}-[0-9a-f]{32}\.(env|snap)$/.test(name)
}

/** True for names and paths of snapshots, among those of items. */
export function isSnapshotName (name: string): boolean {
  return name.endsWith('.snap')
}

/** True for names that nobody should be told about: a write that is under way, or a mark of a sync tool. */
export function isHiddenName (name: string): boolean {
  return name.startsWith('.') || name.startsWith('~')
}

function shortHash (text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
