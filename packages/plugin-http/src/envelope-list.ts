import {
  compareFeeds, isDid, isJournalName, maxRequestBytes, type Did, type EnvelopeReceiver, type LinkSource, type Range
} from '@akshi/core'
import { viewEnvelope, type EnvelopeView } from './envelope-view.ts'
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
 * The envelopes of a journal by origin, then seq, as far as `from` may have them. Fewer than `limit` when the answer
 * would grow too large, but at least one if there is one.
 */
export async function listEnvelopes (receiver: EnvelopeReceiver, from: LinkSource, query: ListQuery, meshId: string): Promise<EnvelopeView[]> {
  const { feeds = [] } = await receiver.digest({ root: rootOfNothing }, from)
  const want: Range[] = feeds
    .filter(({ feed }) => feed.journal === query.agent && (query.origin ?? feed.origin) === feed.origin)
    .map(({ feed }) => ({ feed, after: query.since }))
    .toSorted((a, b) => compareText(a.feed.origin, b.feed.origin) || compareFeeds(a.feed, b.feed))
  const views: EnvelopeView[] = []
  let size = 0
  for await (const bytes of receiver.serve(want, query.limit, from)) {
    const view = viewEnvelope(bytes, meshId)
    size += view.payload.length
    if (views.length > 0 && size > maxRequestBytes) break
    views.push(view)
  }
  return views
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
