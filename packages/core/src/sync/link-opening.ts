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
import type { FetchClaims } from './session/fetch-claims.ts'
import type { SendGate } from './send-gate.ts'
import type { Sharing } from './sharing.ts'

/** What all links have in common. */
export interface LinkOptions {
  readonly journals: Journals
  readonly peers: KnownPeers
  readonly sharing: Sharing
  readonly inbox: Inbox
  readonly claims: FetchClaims
  readonly hooks: Hooks
  readonly gate: SendGate
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

/** How long a peer may be silent when it is asked something, and a folder, which may be large and far away. */
const answerMs = { peer: 3_000, shared: 30_000 }

/** The loop of a link, not started yet; `changed` is called when it has come into another state. */
export function createLoop (options: LinkOptions, way: Way, changed: () => void): LinkLoop {
  const { journals, peers, sharing, inbox, claims, gate, intervalMs, batchSize, maxEnvelopes, newestFirst, clock, random, logger } = options
  const { source } = way
  let state = 'connecting'
  const loop: LinkLoop = new LinkLoop({
    ...way,
    title: () => titleOf(source, peers),
    journals,
    inbox,
    claims,
    gate,
    batchSize,
    maxEnvelopes,
    newestFirst,
    answerMs: answerMs[source.kind],
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
