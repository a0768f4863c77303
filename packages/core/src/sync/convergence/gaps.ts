import type { Journal } from '../../journal/journal.ts'
import type { FeedId } from '../../transport.ts'
import { seqOf } from '../vector.ts'
import type { Lack } from './range.ts'

/** Something of a feed that is here without what is before it: from after one number to another. */
interface Island { readonly after: number, readonly to: number }

/** What is missing before something that is here already: parked envelopes, and segments that came before older ones. */
export function gapsIn (journal: Journal, admits: (feed: FeedId) => boolean): Lack[] {
  return islandsIn(journal).filter(({ feed }) => admits(feed)).flatMap(({ feed, islands }) => gapsBetween(feed, seqOf(journal.feedOf(feed)?.state), islands))
}

/** Feeds of which something is parked because something before it is missing. */
export function stuckIn ({ name: journal, parking }: Journal, admits: (feed: FeedId) => boolean): FeedId[] {
  return parking.summary.filter(({ why }) => why === 'before').map(({ part, origin }) => ({ journal, part, origin })).filter(admits)
}

function islandsIn (journal: Journal): { readonly feed: FeedId, readonly islands: readonly Island[] }[] {
  const parked = stuckIn(journal, () => true).map((feed) => ({ feed, islands: journal.parking.seqs(feed).map((seq) => ({ after: seq - 1, to: seq })) }))
  const detached = journal.logs.map(({ id, tree }) => ({ feed: id, islands: tree.detached.map(({ after, tip }) => ({ after: after.seq, to: tip.seq })) }))
  return [...parked, ...detached.filter(({ islands }) => islands.length > 0)]
}

/** What goes on from a number that is here already is of another path, of which no more than its predecessor is known. */
function gapsBetween (feed: FeedId, longest: number, islands: readonly Island[]): Lack[] {
  const gaps: Lack[] = []
  let end = longest
  for (const { after, to } of islands.toSorted((a, b) => a.after - b.after)) {
    const isFollowing = after === longest || after === 0 || islands.some((other) => other.to === after)
    if (after > end) gaps.push({ feed, from: end + 1, to: after, envelopes: after - end, isUnknownPath: false })
    else if (after < longest && !isFollowing) gaps.push({ feed, from: after, to: after, envelopes: 1, isUnknownPath: true })
    end = Math.max(end, to)
  }
  return gaps
}
