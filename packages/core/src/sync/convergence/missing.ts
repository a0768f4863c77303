import type { MissingRange } from '../../control.ts'
import type { Did } from '../../did.ts'
import type { Journals } from '../../journal/journals.ts'
import type { FeedId, Tip } from '../../transport.ts'
import { feedKey } from '../../wire.ts'
import { seqOf } from '../vector.ts'
import type { KnownLink } from './difference.ts'
import { unknownTips, type Lack } from './range.ts'
import { namedBy, rangeOf, type NameOf } from './rows.ts'

/** The other end of a link: a peer, or something shared. */
export interface End {
  readonly did?: Did
  readonly shared?: string
  readonly link: KnownLink
  /** Whether this node takes a feed from there. */
  readonly takes: (feed: FeedId) => boolean
}

interface Holder { readonly end: End, readonly tips: readonly Tip[] }
interface Wanted { readonly feed: FeedId, readonly holders: Holder[] }
interface Found { readonly lack: Lack, readonly holders: readonly End[] }

/** What this node lacks of what others said they have, with everybody who has it; and `gaps` that nobody can fill. */
export function missingFrom (ends: readonly End[], journals: Pick<Journals, 'feed'>, gaps: readonly Lack[]): Found[] {
  const wanted = wantedFrom(ends, journals)
  const found = [...wanted.values()].flatMap((each) => split(each, seqOf(journals.feed(each.feed)?.state)))
  const isKnown = (gap: Lack) => found.some(({ lack }) => feedKey(lack.feed) === feedKey(gap.feed) && (gap.isUnknownPath || lack.to >= gap.to))
  return [...found, ...gaps.filter((gap) => !isKnown(gap)).map((lack) => ({ lack, holders: [] }))]
}

/** A row of the answer; `refused` says why this node refused something of the feed, if it did. */
export function missingRow ({ lack, holders }: Found, nameOf: NameOf, refused: (feed: FeedId) => string | undefined): MissingRange {
  const shared = holders.flatMap((end) => end.shared ?? [])
  return {
    ...rangeOf(lack, namedBy(nameOf)),
    has: holders.flatMap(({ did }) => did ?? []),
    ...shared.length > 0 && { shared },
    reason: refused(lack.feed) ?? describeHolders(holders)
  }
}

function wantedFrom (ends: readonly End[], journals: Pick<Journals, 'feed'>): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>()
  for (const end of ends) {
    for (const [key, state] of end.link.session.theirs ?? []) {
      const tips = end.takes(state.feed) ? unknownTips(state.tips, journals.feed(state.feed)) : []
      if (tips.length === 0) continue
      const each = wanted.get(key) ?? { feed: state.feed, holders: [] }
      each.holders.push({ end, tips })
      wanted.set(key, each)
    }
  }
  return wanted
}

/** In pieces, each of which some have as a whole and the others not at all. */
function split ({ feed, holders }: Wanted, longest: number): Found[] {
  const tips = new Map(holders.flatMap(({ tips }) => tips).map((tip) => [Buffer.from(tip.id).toString('hex'), tip]))
  const hasTip = (tip: Tip) => holders.filter(({ tips }) => tips.some(({ id }) => Buffer.compare(id, tip.id) === 0)).map(({ end }) => end)
  const elsewhere = [...tips.values()].filter(({ seq }) => seq <= longest)
  const ahead = [...new Set([...tips.values()].map(({ seq }) => seq))].filter((seq) => seq > longest).sort((a, b) => a - b)
  const isForked = (seq: number) => [...tips.values()].filter((tip) => tip.seq === seq).length > 1
  return [
    ...elsewhere.map((tip) => ({ lack: { feed, from: tip.seq, to: tip.seq, envelopes: 1, isUnknownPath: true }, holders: hasTip(tip) })),
    ...ahead.map((to, index) => {
      const after = ahead[index - 1] ?? longest
      const having = holders.filter(({ tips }) => tips.some(({ seq }) => seq >= to)).map(({ end }) => end)
      return { lack: { feed, from: after + 1, to, envelopes: to - after, isUnknownPath: isForked(to) }, holders: having }
    })
  ]
}

function describeHolders (holders: readonly End[]): string {
  if (holders.length === 0) return 'what comes after is here, but nobody that is known has said that it has this'
  if (!holders.some(({ link }) => link.status.state === 'up')) return 'no link to anybody who has it works now'
  return 'it has not come yet'
}
