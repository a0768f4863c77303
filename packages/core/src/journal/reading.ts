import type { EntryView, ReadOptions } from '../control.ts'
import { decodeCursor, encodeCursor, maxAnchors } from './cursor.ts'
import type { LogFeed } from './log/log-feed.ts'
import { seenOf, strandsOf, type Anchor, type PlacedEntry, type Strand } from './log/strands.ts'

/** Entries, and what to give as `since` to read on after them. */
export interface EntryPage {
  readonly entries: EntryView[]
  readonly cursor: string
}

/** One strand on its way through a merge. */
interface Front {
  readonly strand: Strand
  readonly pages: AsyncGenerator<PlacedEntry[]>
  page: PlacedEntry[]
  at: number
  /** What was read of it, for the cursor. */
  anchor: Anchor | undefined
}

/**
 * Merges the strands of some feeds by entry id: one agreed order for a given version vector. Loads the segments that it
 * reads from and no others. Forwards the cursor covers what was returned or passed over, backwards all that there is. What
 * stands after a gap is read backwards only, since a cursor covers everything before a place.
 *
 * @throws MeshError `MESH_REQUEST_INVALID` (the cursor).
 */
export async function readEntries (feeds: readonly LogFeed[], { limit = Infinity, reverse = false, kind, since }: ReadOptions): Promise<EntryPage> {
  const anchors = since === undefined ? new Map<string, readonly Anchor[]>() : decodeCursor(since)
  const fronts = await openFronts(feeds, anchors, reverse)
  const entries: EntryView[] = []
  let last: EntryView | undefined
  let front: Front | undefined
  while (entries.length < limit) {
    if (front !== undefined && front.at >= front.page.length) await turn(front)
    front = nearest(fronts, reverse)
    if (front === undefined) break
    const { count, entry } = front.page[front.at] as PlacedEntry
    // Paths of one origin may repeat an entry: it counts once.
    const isRepeated = entry.id === last?.id && entry.origin === last.origin
    if (!isRepeated && (kind === undefined || entry.kind === kind)) entries.push(entry)
    last = entry
    if (!reverse) front.anchor = { count, lastId: entry.id }
    front.at++
  }
  if (reverse) for (const front of fronts) if (front.strand.isAttached) front.anchor = await front.strand.anchorAt(front.strand.to)
  return { entries, cursor: encodeCursor(nextCursor(fronts, anchors)) }
}

/** Leaves in `anchors` those on paths that are not here. */
async function openFronts (feeds: readonly LogFeed[], anchors: Map<string, readonly Anchor[]>, reverse: boolean): Promise<Front[]> {
  const fronts: Front[] = []
  for (const feed of feeds) {
    const strands = strandsOf(feed).filter(({ isAttached }) => reverse || isAttached)
    const { counts, elsewhere } = await seenOf(strands, anchors.get(feed.id.origin) ?? [])
    anchors.set(feed.id.origin, elsewhere)
    for (const strand of strands) {
      const from = Math.max(strand.from, counts.get(strand) ?? 0)
      const front = { strand, pages: strand.pages(from, reverse), page: [], at: 0, anchor: from > strand.from && strand.isAttached ? await strand.anchorAt(from) : undefined }
      await turn(front)
      fronts.push(front)
    }
  }
  return fronts
}

async function turn (front: Front): Promise<void> {
  front.at = 0
  do {
    const { value, done } = await front.pages.next()
    front.page = done === true ? [] : value as PlacedEntry[]
    if (done === true) return
  } while (front.page.length === 0)
}

function nearest (fronts: readonly Front[], reverse: boolean): Front | undefined {
  let best: Front | undefined
  for (const front of fronts) {
    const id = front.page[front.at]?.entry.id
    const bestId = best?.page[best.at]?.entry.id
    if (id !== undefined && (bestId === undefined || (reverse ? id > bestId : id < bestId))) best = front
  }
  return best
}

/** Keeps what the given cursor says of paths that are not here. */
function nextCursor (fronts: readonly Front[], elsewhere: ReadonlyMap<string, readonly Anchor[]>): Map<string, readonly Anchor[]> {
  const cursor = new Map<string, Anchor[]>()
  for (const { strand: { feed }, anchor } of fronts) {
    if (anchor !== undefined) cursor.set(feed.id.origin, [...cursor.get(feed.id.origin) ?? [], anchor])
  }
  for (const [origin, anchors] of elsewhere) cursor.set(origin, [...cursor.get(origin) ?? [], ...anchors].slice(0, maxAnchors))
  return cursor
}
