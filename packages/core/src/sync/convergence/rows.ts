import type { FeedRange, NamedFeed } from '../../control.ts'
import type { Did } from '../../did.ts'
import type { FeedId } from '../../transport.ts'
import { compareFeeds } from '../../wire.ts'
import { countLacks, type Lack } from './range.ts'

/** What a node is called. */
export type NameOf = (did: Did) => string

/** Rows of each list in an answer. */
export const maxRows = 50

/** Gives feeds their names. */
export function namedBy (nameOf: NameOf): (feed: FeedId) => NamedFeed {
  return ({ journal, part, origin }) => ({ journal, part, origin, name: nameOf(origin) })
}

export function rangeOf ({ feed, from, to, envelopes, isUnknownPath }: Lack, named: (feed: FeedId) => NamedFeed): FeedRange {
  return { ...named(feed), from, to, envelopes, ...isUnknownPath && { unknown_path: true as const } }
}

/** One range for all that is lacking of a feed; an empty one when nothing is. */
export function wholeRangeOf (feed: FeedId, lacks: readonly Lack[], named: (feed: FeedId) => NamedFeed): FeedRange {
  const from = lacks.length === 0 ? 0 : Math.min(...lacks.map((lack) => lack.from))
  return rangeOf({ feed, from, to: Math.max(0, ...lacks.map(({ to }) => to)), envelopes: countLacks(lacks), isUnknownPath: lacks.some(({ isUnknownPath }) => isUnknownPath) }, named)
}

/** The first rows of each list, by feed, and how many more there are. */
export function cut<Lists extends Readonly<Record<string, readonly Partial<NamedFeed>[]>>> (lists: Lists): Lists & { readonly left_out: { readonly [List in keyof Lists]: number } } {
  const each = Object.entries(lists)
  return {
    ...Object.fromEntries(each.map(([name, rows]) => [name, [...rows].sort(byFeed).slice(0, maxRows)])),
    left_out: Object.fromEntries(each.map(([name, rows]) => [name, Math.max(0, rows.length - maxRows)]))
  } as Lists & { readonly left_out: { readonly [List in keyof Lists]: number } }
}

/** Rows of no feed stand last. The order of the rows of one feed stays. */
function byFeed (a: Partial<NamedFeed>, b: Partial<NamedFeed>): number {
  return isOfFeed(a) && isOfFeed(b) ? compareFeeds(a, b) : Number(isOfFeed(b)) - Number(isOfFeed(a))
}

function isOfFeed (row: Partial<NamedFeed>): row is NamedFeed {
  return row.journal !== undefined && row.part !== undefined && row.origin !== undefined
}
