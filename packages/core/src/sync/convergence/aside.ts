import type { Convergence, ForkedFeed, ParkedFeed, Quarantined } from '../../control.ts'
import type { Journal } from '../../journal/journal.ts'
import type { Notices } from '../../notices.ts'
import type { FeedId } from '../../transport.ts'
import { feedKey } from '../../wire.ts'
import type { Lack } from './range.ts'
import { namedBy, type NameOf } from './rows.ts'

const quarantineCodes = ['MESH_ENVELOPE_INVALID', 'MESH_JOURNAL_DAMAGED']

/** What a journal keeps aside, with the reason; an origin that is not admitted any more waits for trust, whatever it waited for. */
export function parkedIn ({ name: journal, parking }: Journal, admits: (feed: FeedId) => boolean, gaps: readonly Lack[], nameOf: NameOf): ParkedFeed[] {
  return parking.summary.map(({ part, origin, why, items, bytes }) => {
    const feed = { journal, part, origin }
    const isStuck = why === 'before' && admits(feed)
    const reason = isStuck ? describeGaps(gaps.filter((gap) => feedKey(gap.feed) === feedKey(feed))) : `waiting for trust in ${nameOf(origin)}`
    return { ...namedBy(nameOf)(feed), why: isStuck ? 'before' : 'trust', reason, items, bytes }
  })
}

/** Origins that are not admitted, whose changes are in the state because somebody who is has built on them. */
export function vouchedIn ({ name: journal, state }: Journal, admits: (feed: FeedId) => boolean, nameOf: NameOf): Convergence['vouched'] {
  return state.vouched.filter(({ origin }) => !admits({ journal, part: 'state', origin })).map(({ origin, envelopes }) => ({ journal, origin, name: nameOf(origin), envelopes }))
}

/** Feeds with more than one path. */
export function forksIn ({ feeds }: Journal, nameOf: NameOf): ForkedFeed[] {
  return feeds.filter(({ state }) => state.tips.length > 1).map(({ id, state: { tips } }) => ({
    ...namedBy(nameOf)(id), tips: tips.map(({ seq, id }) => ({ seq, id: Buffer.from(id).toString('hex') }))
  }))
}

/** What was refused as damaged or hostile, or set aside, as far as the notices still tell; and what killed the process twice. */
export function quarantinedOf (notices: Pick<Notices, 'all'>, poison: ReadonlySet<string>, nameOf: NameOf): Quarantined[] {
  return [
    ...notices.all().filter(({ code }) => quarantineCodes.includes(code)).map(({ feed, message: reason, count: times, at }) => ({ ...feed !== undefined && namedBy(nameOf)(feed), reason, times, at })),
    ...[...poison].map((id) => ({ id, reason: 'the process died twice while its change was applied; it is refused for good', times: 2 }))
  ]
}

function describeGaps (gaps: readonly Lack[]): string {
  const [first] = gaps
  if (first === undefined) return 'something that it builds on is missing'
  const numbers = first.from === first.to ? `envelope ${first.to}` : `envelopes ${first.from} to ${first.to}`
  return `${numbers} before it ${first.from === first.to ? 'is' : 'are'} missing${gaps.length > 1 ? ', and more' : ''}`
}
