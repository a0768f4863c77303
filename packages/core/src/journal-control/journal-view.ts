import type { JournalStats, JournalStatus, ParkedStatus } from '../control.ts'
import type { Did } from '../did.ts'
import { readEntryId } from '../journal/hybrid-clock.ts'
import type { Journal } from '../journal/journal.ts'
import type { LogFeed } from '../journal/log/log-feed.ts'
import { headsOf } from '../sync/convergence.ts'

/** What a node is called. */
export type NameOf = (did: Did) => string

/** What a journal holds. */
export function statusOf (journal: Journal, nameOf: NameOf): JournalStatus {
  return {
    name: journal.name,
    entries: journal.count,
    heads: headsOf(journal.feeds.map(({ state }) => state)),
    origins: journal.logs.filter(({ tip }) => tip !== undefined).map(({ id, tip, count, tree }) => ({
      did: id.origin, name: nameOf(id.origin), seq: tip?.seq ?? 0, entries: count, paths: tree.leaves.length
    })),
    parked: parkedIn(journal, nameOf)
  }
}

/** What a journal takes. Reads the first and the last entry of each origin. */
export async function statsOf (journal: Journal, nameOf: NameOf): Promise<Omit<JournalStats, 'durability'>> {
  const origins = []
  for (const log of journal.logs) origins.push(await statsOfLog(log, nameOf))
  return { name: journal.name, entries: journal.count, origins, bytes: await journal.bytes(), parked: parkedIn(journal, nameOf) }
}

async function statsOfLog (log: LogFeed, nameOf: NameOf): Promise<JournalStats['origins'][number]> {
  const { id: { origin: did }, tree } = log
  const [firstId, lastId] = await log.ends()
  return {
    did,
    name: nameOf(did),
    entries: log.count,
    envelopes: log.countAfter([]),
    paths: tree.leaves.length,
    segments: tree.all.length,
    sealed: tree.all.filter(({ base, tip, children }) => children.length > 0 && base?.seq === tip.seq).length,
    detached: tree.detached.length,
    ...firstId === undefined ? {} : { firstAt: timeOf(firstId) },
    ...lastId === undefined ? {} : { lastAt: timeOf(lastId) }
  }
}

function parkedIn ({ parking }: Journal, nameOf: NameOf): ParkedStatus[] {
  return parking.summary.map(({ origin, why, items, bytes }) => ({ origin, name: nameOf(origin), why, items, bytes }))
}

function timeOf (entryId: string): string {
  return new Date(readEntryId(entryId).millis).toISOString()
}
