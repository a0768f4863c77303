import { isSnapshot, peekEnvelope } from '@akshi/core'
import { meshId } from './simulated-node.ts'

/** True for the announcement of a node, among the items of a push. */
export function isAnnouncement (bytes: Uint8Array): boolean {
  return !isSnapshot(bytes) && peekEnvelope(bytes, meshId).header.kind === 'announcement'
}
