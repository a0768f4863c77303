import {
  compareFeeds, isDid, isJournalName, maxRequestBytes, type Did, type EnvelopeReceiver, type FeedState, type LinkSource,
  type Range
} from '@akshi/core'
import { viewItem, type ItemView } from './item-view.ts'
import { badRequest } from './request-error.ts'

const maxListed = 1_000
const rootOfNothing = new Uint8Array(32)

/** What `GET /api/v1/sync/envelopes` asks for. */
export interface ListQuery {
  readonly agent: string
  readonly origin: Did | undefined
  readonly since: number
  readonly limit: number
}

/** Reads `?agent=&origin=&since=0&limit=100`. Throws RequestError 400. */
export function readListQuery (query: URLSearchParams): ListQuery {
  const agent = query.get('agent') ?? ''
  const origin = query.get('origin') ?? undefined
  if (!isJournalName(agent)) throw badRequest('"agent" must name a journal, e.g. ?agent=notes.')
  if (origin !== undefined && !isDid(origin)) throw badRequest('"origin" is not the DID of a node.')
  return { agent, origin, since: readCount(query, 'since', 0), limit: Math.min(maxListed, readCount(query, 'limit', 100)) }
}

/**
 * The envelopes and snapshots of a journal by origin, then seq, as far as `from` may have them. Fewer than `limit` when
 * the answer would grow too large, but at least one if there is one. `since` leaves out what ends there or before.
 */
export async function listItems (receiver: EnvelopeReceiver, from: LinkSource, query: ListQuery, meshId: string): Promise<ItemView[]> {
  const { feeds = [] } = await receiver.digest({ root: rootOfNothing }, from)
  const views: ItemView[] = []
  let size = 0
  for await (const bytes of receiver.serve(rangesOf(feeds, query), { limit: Number.MAX_SAFE_INTEGER }, from)) {
    const view = viewItem(bytes, meshId)
    if (view.seq <= query.since) continue
    size += view.payload.length
    if (views.length === query.limit || (views.length > 0 && size > maxRequestBytes)) break
    views.push(view)
  }
  return views
}

/** What is before `since` is known by number only: of a feed that goes on after it, all is asked for, and passed over. */
function rangesOf (feeds: readonly FeedState[], { agent, origin, since }: ListQuery): Range[] {
  return feeds
    .filter(({ feed }) => feed.journal === agent && (origin ?? feed.origin) === feed.origin)
    .map(({ feed, tips }) => ({ feed, have: tips.filter(({ seq }) => seq <= since) }))
    .toSorted((a, b) => compareText(a.feed.origin, b.feed.origin) || compareFeeds(a.feed, b.feed))
}

function readCount (query: URLSearchParams, name: string, absent: number): number {
  const text = query.get(name)
  if (text === null) return absent
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`"${name}" is not a whole number.`)
  return Number(text)
}

function compareText (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
