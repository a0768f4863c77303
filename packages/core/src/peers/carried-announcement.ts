import { openAnnouncement } from '../announce.ts'
import type { Clock } from '../clock.ts'
import type { PeerCandidate } from '../discovery.ts'
import { describeError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { KnownPeers } from './known-peers.ts'

/**
 * Takes the announcement that a discovery brought with a candidate, if the node is trusted already. Nothing that strangers send is verified
 * here: a dial has to prove them first. One that is stale, forged or of another mesh is left out, and said once.
 */
export function takeCarriedAnnouncement ({ did, announcement: bytes }: PeerCandidate, peers: KnownPeers, meshId: string, clock: Clock, logger: Logger): void {
  if (bytes === undefined || !peers.trusts(did)) return
  try {
    const signed = openAnnouncement(bytes, meshId)
    if (signed.announcement.did === did && signed.announcement.expiresAt > clock.now()) peers.update(signed)
  } catch (error) {
    logger.warnOnce(`announcement of ${did}`, 'an announcement that a discovery brought is no good', { did, error: describeError(error) })
  }
}
