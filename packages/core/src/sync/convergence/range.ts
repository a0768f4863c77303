import { sameBytes } from '../../bytes.ts'
import type { Feed } from '../../journal/feed.ts'
import type { FeedId, FeedState, Tip } from '../../transport.ts'
import { seqOf } from '../vector.ts'

/** Envelopes of a feed that somebody lacks: the numbers of the first and the last, and how many they are. */
export interface Lack {
  readonly feed: FeedId
  readonly from: number
  readonly to: number
  readonly envelopes: number
  /** They are on a path that one of both does not know. */
  readonly isUnknownPath: boolean
}

/** What somebody lacks of a feed that is here, who has this of it. */
export function lackThere (mine: FeedState, theirs: FeedState | undefined, feed: Feed | undefined): Lack[] {
  const known = theirs?.tips.filter((tip) => feed?.knows(tip) === true) ?? []
  const envelopes = countLack(mine, theirs, known, feed)
  if (envelopes <= 0) return []
  const ends = mine.tips.filter(({ id }) => !known.some((tip) => sameBytes(tip.id, id)))
  const startOf = (end: Tip) => Math.max(end.seq - envelopes, ...known.filter((tip) => feed?.isBefore(tip, end) === true).map(({ seq }) => seq), 0) + 1
  return [{
    feed: mine.feed,
    from: Math.min(...ends.map(startOf)),
    to: Math.max(...ends.map(({ seq }) => seq)),
    envelopes,
    isUnknownPath: known.length < (theirs?.tips.length ?? 0)
  }]
}

/** What this node lacks of a feed that somebody has so: for each end that is not known here, what leads there. */
export function lackHere ({ feed: id, tips }: FeedState, feed: Feed | undefined): Lack[] {
  const longest = seqOf(feed?.state)
  const unknown = unknownTips(tips, feed)
  return unknown.map(({ seq }) => seq > longest
    ? { feed: id, from: longest + 1, to: seq, envelopes: seq - longest, isUnknownPath: unknown.length > 1 }
    : { feed: id, from: seq, to: seq, envelopes: 1, isUnknownPath: true })
}

/** Envelopes of a feed that somebody has and this node lacks. */
export function countBehind (state: FeedState, feed: Feed | undefined): number {
  return countLacks(lackHere(state, feed))
}

/** Ends that are not on any path that is here. */
export function unknownTips (tips: readonly Tip[], feed: Feed | undefined): Tip[] {
  return tips.filter((tip) => feed?.knows(tip) !== true)
}

/** How many envelopes these are. */
export function countLacks (lacks: readonly Lack[]): number {
  return lacks.reduce((total, { envelopes }) => total + envelopes, 0)
}

function countLack (mine: FeedState, theirs: FeedState | undefined, known: readonly Tip[], feed: Feed | undefined): number {
  if (feed === undefined) return seqOf(mine) - seqOf(theirs)
  if (theirs === undefined || theirs.tips.length === 0) return feed.countAfter([])
  return known.length > 0 ? feed.countAfter(known) : seqOf(mine) - seqOf(theirs)
}
