import type { PeerLink } from './peer-links.ts'
import { usualReason } from './transport-plan.ts'

/** How a peer is reached now, with the reason. */
export interface Reach {
  readonly transport: string | null
  readonly reason: string
}

/**
 * How a peer is reached over its link, if there is one, or through a folder that is written, if there is one. `planned` is why it has
 * that link or none.
 */
export function reachOver (link: Pick<PeerLink, 'transport' | 'loop'> | undefined, planned: string, folder: string | undefined): Reach {
  const { state, reason: linkReason = planned } = link?.loop.status ?? {}
  if (link !== undefined && state === 'up') return { transport: link.transport, reason: planned === usualReason ? 'its link works' : `its link works; ${planned}` }
  if (link !== undefined && state === 'suspect') return { transport: link.transport, reason: `its link is suspect, and tried again: ${linkReason}` }
  return folder === undefined ? { transport: null, reason: linkReason } : { transport: folder, reason: `no link works: ${linkReason}` }
}
