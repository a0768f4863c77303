import type { Clock } from '../../clock.ts'
import type { HeldFeed, PeerConvergence } from '../../control.ts'
import type { PeerView } from '../../peer-book.ts'
import { feedKey } from '../../wire.ts'
import { seqOf } from '../vector.ts'
import { compareWith, type Difference, type KnownLink } from './difference.ts'
import { cut, namedBy, rangeOf, wholeRangeOf, type NameOf } from './rows.ts'
import type { View } from './view.ts'

/** What one trusted peer has and lacks, as far as it said so itself. */
export function peerRow (view: View, peer: PeerView, link: KnownLink | undefined): PeerConvergence {
  const { own, journals, nameOf, clock } = view
  const mine = journals.states((journal) => view.sharing.shares(journal, peer.did)).filter(({ feed }) => view.isAsked(feed))
  const difference = compareWith(link, mine, journals, ({ feed }) => view.admits(feed) && view.sharing.shares(feed.journal, peer.did))
  const held = heldOver(link, difference, clock, nameOf)
  const isUp = link?.status.state === 'up'
  const saidAt = link?.session.saidAt
  return {
    peer_id: peer.did,
    name: peer.name,
    acked_seq: sum(mine.filter(({ feed }) => feed.origin === own).map(({ feed }) => seqOf(link?.session.theirs?.get(feedKey(feed))))),
    lag: difference?.lag ?? sum(mine.map(seqOf)),
    behind: difference?.behind ?? 0,
    converged: isUp && difference?.same === true,
    linked: isUp,
    reason: isUp ? describe(difference, held) : `no working link: ${link?.status.reason ?? 'no address known'}`,
    ...saidAt !== undefined && { said_at: new Date(saidAt).toISOString() },
    ...listsOf(difference, held, nameOf)
  }
}

function listsOf (difference: Difference | undefined, held: readonly HeldFeed[], nameOf: NameOf): Pick<PeerConvergence, 'missing_there' | 'missing_here' | 'withheld' | 'held' | 'differing' | 'left_out'> {
  const { there = [], here = [], withheld = [], differing = [] } = difference ?? {}
  const named = namedBy(nameOf)
  return cut({
    missing_there: there.map((lack) => rangeOf(lack, named)),
    missing_here: here.map((lack) => rangeOf(lack, named)),
    withheld: withheld.map(({ feed, lacks }) => wholeRangeOf(feed, lacks, named)),
    held,
    differing: differing.map(named)
  })
}

/** A hold counts while the other end lacks something of its feed. */
function heldOver (link: KnownLink | undefined, difference: Difference | undefined, clock: Pick<Clock, 'monotonic'>, nameOf: NameOf): HeldFeed[] {
  return (difference?.there ?? []).flatMap(({ feed }) => {
    const hold = link?.session.held.get(feedKey(feed))
    if (hold === undefined) return []
    const { reason, retryAt } = hold
    return { ...namedBy(nameOf)(feed), reason, ...retryAt !== undefined && { retry_in_ms: Math.max(0, Math.round(retryAt - clock.monotonic())) } }
  })
}

function describe (difference: Difference | undefined, held: readonly HeldFeed[]): string {
  if (difference === undefined) return 'it has not said yet what it has'
  const { lag, behind, same, withheld } = difference
  if (same) return withheld.length === 0 ? 'it has the same' : `it has the same, but for ${withheld.length} feeds whose origins it does not trust`
  const parts = [lag > 0 ? `it lacks ${lag} envelopes` : '', behind > 0 ? `this node lacks ${behind} envelopes` : '', ...new Set(held.map(({ reason }) => reason))]
  return parts.filter((part) => part !== '').join(', ') || 'the same numbers stand for different envelopes'
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
