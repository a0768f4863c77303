import { join } from 'node:path'
import { encodeCbor, CborReader } from '../cbor.ts'
import type { Clock } from '../clock.ts'
import type { Acknowledgement, EntryView, NewEntry, ReadOptions } from '../control.ts'
import type { Did } from '../did.ts'
import type { JournalEnvelope } from '../envelope.ts'
import type { Identity } from '../identity.ts'
import type { Verdict } from '../transport.ts'
import { entryText, prepareEntry, type PreparedEntry } from './entry.ts'
import { Feed, type FeedContext, type PlacedEntry } from './feed.ts'
import { GroupCommit } from './group-commit.ts'
import type { HybridClock } from './hybrid-clock.ts'

const maxGroupBytes = 512 * 1024
const maxGroupEntries = 1024
const read = new CborReader('MESH_REQUEST_INVALID', 'The cursor')

/** What a journal needs from its node. */
export interface JournalContext extends FeedContext {
  readonly identity: Identity
  readonly clock: Clock
  readonly hybridClock: HybridClock
  /** Called when a feed has new durable envelopes. */
  readonly changed: (feed: Feed) => void
}

/** An agent's log as this node has it: the feeds of all origins that wrote into it. */
export class Journal {
  readonly name: string
  readonly #folder: string
  readonly #context: JournalContext
  readonly #feeds = new Map<Did, Promise<Feed>>()
  readonly #open = new Map<Did, Feed>()
  readonly #appends: GroupCommit<readonly PreparedEntry[], Acknowledgement>

  constructor (name: string, folder: string, context: JournalContext) {
    this.name = name
    this.#folder = folder
    this.#context = context
    this.#appends = new GroupCommit(context.clock, (groups) => this.#write(groups), (groups) => this.#fit(groups))
  }

  /** The feeds that are open, sorted by origin. */
  get feeds (): readonly Feed[] {
    return [...this.#open.values()].sort((a, b) => a.id.origin < b.id.origin ? -1 : 1)
  }

  /** An origin's feed; its file is made if need be. Throws `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`. */
  feed (origin: Did): Promise<Feed> {
    let opening = this.#feeds.get(origin)
    if (opening === undefined) {
      opening = this.#openFeed(origin)
      this.#feeds.set(origin, opening)
      opening.catch(() => this.#feeds.delete(origin))
    }
    return opening
  }

  /** The feed of an origin if it is open. */
  feedOf (origin: Did): Feed | undefined {
    return this.#open.get(origin)
  }

  /**
   * Appends entries in order, as one unit. Resolves once they are durable.
   *
   * @throws MeshError `MESH_ENTRY_INVALID`, `MESH_ENTRY_TOO_LARGE`, `MESH_DISK_FAILED`; nothing is written then.
   */
  async append (entries: readonly NewEntry[]): Promise<Acknowledgement> {
    const prepared = entries.map(prepareEntry)
    let last: Acknowledgement = { ids: [], seq: (await this.feed(this.#context.identity.did)).tip?.seq ?? 0, durability: 'fsync' }
    const ids: string[] = []
    for (const part of split(prepared)) {
      last = await this.#appends.add(part)
      ids.push(...last.ids)
    }
    return { ...last, ids }
  }

  /** Takes verified envelopes of one origin, in order. */
  async accept (origin: Did, envelopes: readonly JournalEnvelope[]): Promise<Verdict[]> {
    const feed = await this.feed(origin)
    const before = feed.tip?.seq
    const verdicts = await feed.accept(envelopes)
    if (feed.tip?.seq !== before) this.#noteChange(feed)
    return verdicts
  }

  /**
   * Entries of all feeds merged in the agreed order, and a cursor: read on with it as `since`. Forwards it covers what
   * was returned or passed over, backwards all that there is.
   */
  read ({ limit = Infinity, reverse = false, kind, since }: ReadOptions = {}): { entries: EntryView[], cursor: string } {
    const counts = since === undefined ? new Map<string, number>() : decodeCursor(since)
    const { feeds } = this
    const sources = feeds.map((feed) => feed.entries(counts.get(feed.id.origin) ?? 0, feed.count, reverse))
    const entries: EntryView[] = []
    for (const { place, entry } of merge(sources, reverse)) {
      if (entries.length >= limit) break
      if (kind === undefined || entry.kind === kind) entries.push(entry)
      if (!reverse) counts.set(entry.origin, place + 1)
    }
    if (reverse) for (const { id, count } of feeds) counts.set(id.origin, count)
    return { entries, cursor: Buffer.from(encodeCbor(counts)).toString('base64url') }
  }

  async close (): Promise<void> {
    for (const opening of this.#feeds.values()) await (await opening).close()
  }

  async #openFeed (origin: Did): Promise<Feed> {
    const feed = await Feed.open({ journal: this.name, part: 'log', origin }, join(this.#folder, `${origin.slice('did:key:'.length)}.feed`), this.#context)
    this.#open.set(origin, feed)
    this.#seeLast(feed)
    return feed
  }

  async #write (groups: readonly (readonly PreparedEntry[])[]): Promise<Acknowledgement[]> {
    const { identity, clock, hybridClock } = this.#context
    const feed = await this.feed(identity.did)
    const ids = groups.map((group) => group.map(() => hybridClock.next()))
    const texts = groups.flatMap((group, g) => group.map((entry, e) => entryText(ids[g]?.[e] ?? '', entry)))
    const { header: { seq } } = await feed.append(texts, identity, Math.floor(clock.now()))
    this.#context.changed(feed)
    return ids.map((own) => ({ ids: own, seq, durability: 'fsync' }))
  }

  /** As many groups as fit into one envelope and the open segment. */
  #fit (groups: readonly (readonly PreparedEntry[])[]): number {
    const room = Math.min(maxGroupEntries, this.feedOf(this.#context.identity.did)?.room ?? maxGroupEntries)
    let entries = 0
    let bytes = 0
    const fitting = groups.findIndex((group) => {
      entries += group.length
      bytes += group.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0)
      return entries > room || bytes > maxGroupBytes
    })
    return fitting < 0 ? groups.length : Math.max(1, fitting)
  }

  #noteChange (feed: Feed): void {
    this.#seeLast(feed)
    this.#context.changed(feed)
  }

  #seeLast (feed: Feed): void {
    for (const { entry } of feed.entries(feed.count - 1)) this.#context.hybridClock.see(entry.id)
  }
}

/** Parts of a long append that each fit into one envelope, whatever else waits. */
function split (entries: readonly PreparedEntry[]): PreparedEntry[][] {
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

/** Merges sequences that are in feed order by entry id; equal ids (never by honest clocks) by origin. */
function * merge (sources: Generator<PlacedEntry>[], reverse: boolean): Generator<PlacedEntry> {
  const fronts = sources.map((source) => ({ source, next: take(source) }))
  for (;;) {
    let best: typeof fronts[number] | undefined
    for (const front of fronts) {
      if (front.next === undefined) continue
      if (best?.next === undefined || (front.next.entry.id < best.next.entry.id) !== reverse) best = front
    }
    if (best?.next === undefined) return
    yield best.next
    best.next = take(best.source)
  }
}

function take (source: Generator<PlacedEntry>): PlacedEntry | undefined {
  const { value, done } = source.next()
  return done === true ? undefined : value as PlacedEntry
}

function decodeCursor (text: string): Map<string, number> {
  const counts = read.map(read.decode(Buffer.from(text, 'base64url')), 'the cursor')
  return new Map([...counts].map(([origin, count]) => [read.text(origin, 'origin', 64), read.uint(count, 'count')]))
}
