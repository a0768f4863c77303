import type { Clock } from '../clock.ts'
import type { Health } from '../control.ts'
import type { PeerView } from '../peer-book.ts'
import type { LinkLoop } from './link-loop.ts'

/** Whether a trusted peer lives, as far as this node can tell from its link, if there is one, and from what it has sent in this time. */
export function peerHealth ({ leftAt }: PeerView, loop: Pick<LinkLoop, 'status' | 'health'> | undefined, clock: Clock, quietMs: number): Health {
  const state = loop?.status.state
  if (state === 'up') return 'alive'
  if (leftAt !== undefined) return 'left'
  if (state === 'suspect') return state
  const { heardAt, calledAt = -Infinity, lostAt = -Infinity } = loop?.health ?? {}
  if (heardAt === undefined) return 'unknown'
  if (calledAt > lostAt && clock.monotonic() - calledAt <= quietMs) return 'alive'     // it asks, though this node cannot ask it
  return state === 'down' ? 'down' : 'unknown'
}
