import type { Clock } from '../clock.ts'
import type { LinkStatus } from '../control.ts'
import type { Hooks } from '../hooks.ts'
import type { Journals } from '../journal/journals.ts'
import type { Logger } from '../logger.ts'
import type { KnownPeers } from '../peers/known-peers.ts'
import type { Random } from '../random.ts'
import type { LinkSource } from '../transport.ts'
import type { Inbox } from './inbox.ts'
import { LinkLoop, type LoopOptions } from './link-loop.ts'
import type { Sharing } from './sharing.ts'

/** What all links have in common. */
export interface LinkOptions {
  readonly journals: Journals
  readonly peers: KnownPeers
  readonly sharing: Sharing
  readonly inbox: Inbox
  readonly hooks: Hooks
  readonly intervalMs: number
  readonly batchSize: number
  /** Envelopes that may be missing before whole segments go instead. */
  readonly maxEnvelopes: number
  readonly newestFirst: boolean
  /** Called when a link has come into another state. */
  readonly linkChanged?: (to: LinkSource, status: LinkStatus) => void
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Where a link leads, and how it is opened. */
export type Way = Pick<LoopOptions, 'transport' | 'source' | 'connect' | 'greeting'>

/** The loop of a link, not started yet; `changed` is called when it has come into another state. */
export function createLoop (options: LinkOptions, way: Way, changed: () => void): LinkLoop {
  const { journals, peers, sharing, inbox, hooks, intervalMs, batchSize, maxEnvelopes, newestFirst, clock, random, logger } = options
  const { source } = way
  let state = 'connecting'
  const loop: LinkLoop = new LinkLoop({
    ...way,
    title: () => titleOf(source, peers),
    journals,
    inbox,
    hooks,
    batchSize,
    maxEnvelopes,
    newestFirst,
    intervalMs,
    clock,
    random,
    logger,
    shares: (journal) => sharing.sharesOver(journal, source),
    admits: (origin) => sharing.admits(origin),
    changed: () => {
      if (state === loop.status.state) return
      state = loop.status.state
      changed()
      options.linkChanged?.(source, loop.status)
    }
  })
  return loop
}

function titleOf (source: LinkSource, peers: KnownPeers): string {
  return source.kind === 'peer' ? `${peers.get(source.did)?.name ?? ''} ${source.did}`.trim() : 'everybody'
}
