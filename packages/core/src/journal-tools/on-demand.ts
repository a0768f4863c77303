/**
 * Verifying is for two commands, and takes all that reads journals, Automerge too: it is loaded when it is called.
 *
 * @module
 */
import type { PlacedItem, Verification } from './verification.ts'
import type { VerifyOptions } from './verifier.ts'
import type { VerifyHomeOptions } from './verify-home.ts'

/**
 * Verifies every item again, with nothing but the items: signature and canonical form, the chain of each path (forks are
 * allowed and counted), that each change is the one its header names and one that its log may take, that the document of
 * each snapshot is, as Automerge reads it, the one that its proof signs, and all counts. Each item must come after what it
 * goes on from, as `exportItems` gives them. Resolves at the first bad one. Whether an origin is trusted is not asked.
 *
 * @throws what `items` throws.
 */
export async function verifyItems (items: AsyncIterable<PlacedItem>, meshId: string, options?: VerifyOptions): Promise<Verification> {
  const { verifyItems } = await import('./verifier.ts')
  return await verifyItems(items, meshId, options)
}

/**
 * Verifies a node's journals where they are kept, as `verifyItems` does, and that the files are what was written. Reads
 * only, and needs no lock: the node may be running. Files that were set aside as damaged are left out.
 *
 * @throws MeshError `MESH_REQUEST_INVALID` when there is no such journal; `MESH_FORMAT_NEWER`, `MESH_DISK_FAILED`.
 */
export async function verifyHome (folder: string, meshId: string, options?: VerifyHomeOptions): Promise<Verification> {
  const { verifyHome } = await import('./verify-home.ts')
  return await verifyHome(folder, meshId, options)
}
