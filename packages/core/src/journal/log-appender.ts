import { maxSegmentEntries } from '../automerge/segment-limits.ts'
import type { Acknowledgement, NewEntry } from '../control.ts'
import { entryText, prepareEntry, type PreparedEntry } from './entry.ts'
import { GroupCommit } from './group-commit.ts'
import type { JournalContext } from './journal-context.ts'
import type { LogFeed } from './log/log-feed.ts'
import type { Logs } from './logs.ts'

const maxGroupBytes = 512 * 1024
const maxGroupEntries = 1024

type Group = readonly PreparedEntry[]

/** Writes what this node appends to its log of a journal: what comes at the same time goes into one envelope. */
export class LogAppender {
  readonly #journal: string
  readonly #context: JournalContext
  readonly #logs: Logs
  readonly #commits: GroupCommit<Group, Acknowledgement>
  #hasSeen = false

  constructor (journal: string, context: JournalContext, logs: Logs) {
    this.#journal = journal
    this.#context = context
    this.#logs = logs
    this.#commits = new GroupCommit(context.clock, (groups) => this.#write(groups), (groups) => this.#fit(groups))
  }

  /** As `Journal.append`. */
  async append (entries: readonly NewEntry[]): Promise<Acknowledgement> {
    const prepared = entries.map(prepareEntry)
    let last: Acknowledgement = { ids: [], seq: this.#logs.own?.tip?.seq ?? 0, durability: this.#context.durability }
    const ids: string[] = []
    for (const part of split(prepared)) {
      last = await this.#commits.add(part)
      ids.push(...last.ids)
    }
    return { ...last, ids }
  }

  async #write (groups: readonly Group[]): Promise<Acknowledgement[]> {
    const { identity: { did: origin }, durability, mayWrite, changed } = this.#context
    await mayWrite({ journal: this.#journal, part: 'log', origin })
    const log = await this.#logs.of(origin)
    if (!this.#hasSeen) await this.#seeAll()
    const { ids, seq } = await this.#stamp(log, groups)
    changed(log)
    return ids.map((own) => ({ ids: own, seq, durability }))
  }

  /** Stamps entries and writes them. When more of this node's own feed comes in meanwhile, from another life, they are stamped anew to stand after it. */
  async #stamp (log: LogFeed, groups: readonly Group[]): Promise<{ ids: string[][], seq: number }> {
    const { identity, clock, hybridClock } = this.#context
    const { tip } = log
    const ids = groups.map((group) => group.map(() => hybridClock.next()))
    const texts = groups.flatMap((group, g) => group.map((entry, e) => entryText(ids[g]?.[e] ?? '', entry)))
    try {
      const { header: { seq } } = await log.append(texts, identity, Math.floor(clock.now()))
      return { ids, seq }
    } catch (error) {
      if (log.tip?.seq === tip?.seq) throw error
      await this.#logs.see(log)
      return await this.#stamp(log, groups)
    }
  }

  /** What is here happened before what is written from now on. */
  async #seeAll (): Promise<void> {
    for (const log of this.#logs.all) await this.#logs.see(log)
    this.#hasSeen = true
  }

  /** As many groups as fit into one envelope and the open segment. */
  #fit (groups: readonly Group[]): number {
    const held = this.#logs.own?.openEntries ?? 0
    const room = held >= maxSegmentEntries ? maxGroupEntries : Math.min(maxGroupEntries, maxSegmentEntries - held)
    let entries = 0
    let bytes = 0
    const fitting = groups.findIndex((group) => {
      entries += group.length
      bytes += group.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0)
      return entries > room || bytes > maxGroupBytes
    })
    return fitting < 0 ? groups.length : Math.max(1, fitting)
  }
}

/** Parts of a long append that each fit into one envelope, whatever else waits. */
function split (entries: Group): Group[] {
  const parts: PreparedEntry[][] = []
  let bytes = Infinity
  for (const entry of entries) {
    bytes += Buffer.byteLength(entry.body)
    if (bytes > maxGroupBytes || (parts.at(-1)?.length ?? 0) >= maxGroupEntries) {
      parts.push([])
      bytes = Buffer.byteLength(entry.body)
    }
    parts.at(-1)?.push(entry)
  }
  return parts
}
