import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Acknowledgement, NewEntry, ReadOptions } from '../control.ts'
import { isDid, type Did } from '../did.ts'
import type { StateEnvelope } from '../envelope.ts'
import type { FeedId, FeedState, Tip, Verdict } from '../transport.ts'
import { entryText, prepareEntry, type PreparedEntry } from './entry.ts'
import { bytesOf, envelopeOf, type Arrival, type Feed, type OwnFeedContext } from './feed.ts'
import { GroupCommit } from './group-commit.ts'
import type { HybridClock } from './hybrid-clock.ts'
import { LogFeed } from './log/log-feed.ts'
import type { SegmentCache } from './log/segment-cache.ts'
import { maxSegmentEntries } from '../automerge/segment-limits.ts'
import { Parking } from './parking.ts'
import { readEntries, type EntryPage } from './reading.ts'
import { hexOf } from './state/hex.ts'
import { JournalState } from './state/journal-state.ts'

const maxGroupBytes = 512 * 1024
const maxGroupEntries = 1024

/** What a journal needs from its node. */
export interface JournalContext extends OwnFeedContext {
  readonly clock: Clock
  readonly hybridClock: HybridClock
  readonly cache: SegmentCache
  /** Resolves when this node may write: at once, or when it has seen what others have of its own feeds. */
  readonly mayWrite: (feed: FeedId) => Promise<void>
  /** Whether envelopes of this origin are taken in now. Asked again for what was parked: trust may have been withdrawn meanwhile. */
  readonly admits: (origin: Did) => boolean
  /** Called when a feed has new durable envelopes. */
  readonly changed: (feed: Feed) => void
}

/** An agent's journal as this node has it: the log and the state, each the sum of the feeds of all origins that write into it. */
export class Journal {
  readonly name: string
  readonly parking: Parking
  readonly #folder: string
  readonly #context: JournalContext
  readonly #state: JournalState
  readonly #feeds = new Map<Did, Promise<LogFeed>>()
  readonly #open = new Map<Did, LogFeed>()
  readonly #appends: GroupCommit<readonly PreparedEntry[], Acknowledgement>
  #hasSeen = false

  private constructor (name: string, folder: string, context: JournalContext, parking: Parking, state: JournalState) {
    this.name = name
    this.#folder = folder
    this.#context = context
    this.parking = parking
    this.#state = state
    this.#appends = new GroupCommit(context.clock, (groups) => this.#write(groups), (groups) => this.#fit(groups))
  }

  /** Opens a journal's folder, making it if need be. Throws `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`. */
  static async open (name: string, folder: string, context: JournalContext): Promise<Journal> {
    const { disk, durability, meshId } = context
    await disk.makeFolder(folder)
    const parking = await Parking.open(disk, join(folder, 'parked'), { meshId, durability })
    const state = await JournalState.open(name, folder, context, {
      find: (head) => parking.findHead(head),
      admitted: (envelope) => { void parking.remove([envelope.id]) }
    })
    const journal = new Journal(name, folder, context, parking, state)
    for (const file of await disk.list(folder)) {
      const origin = originOf(file)
      if (origin !== undefined) await journal.log(origin)
    }
    return journal
  }

  /** The feeds of the log that are here, sorted by origin. */
  get logs (): readonly LogFeed[] {
    return [...this.#open.values()].sort((a, b) => a.id.origin < b.id.origin ? -1 : 1)
  }

  /** All feeds that hold something. */
  get feeds (): readonly Feed[] {
    return [...this.logs, ...this.#state.feeds].filter(({ state }) => state.tips.length > 0)
  }

  get state (): JournalState { return this.#state }

  /** Automerge heads of the log's segments that are open and of the state, 32 bytes each. Equal feeds have equal heads. */
  get heads (): readonly Uint8Array[] {
    return this.feeds.flatMap(({ state }: { state: FeedState }) => state.heads)
  }

  /** Entries that are here. */
  get count (): number {
    return this.logs.reduce((sum, { count }) => sum + count, 0)
  }

  /** An origin's log; its folder is made if need be. Throws `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`. */
  log (origin: Did): Promise<LogFeed> {
    let opening = this.#feeds.get(origin)
    if (opening === undefined) {
      opening = this.#openLog(origin)
      this.#feeds.set(origin, opening)
      opening.catch(() => this.#feeds.delete(origin))
    }
    return opening
  }

  /** A feed if it is here. */
  feedOf ({ part, origin }: Pick<FeedId, 'part' | 'origin'>): Feed | undefined {
    return part === 'log' ? this.#open.get(origin) : this.#state.feedOf(origin)
  }

  /**
   * Appends entries in order; as one unit, if they fit into one envelope (1,024 entries, 512 KiB). Resolves once they are durable.
   *
   * @throws MeshError `MESH_ENTRY_INVALID`, `MESH_ENTRY_TOO_LARGE`: nothing is written then. `MESH_DISK_FAILED`: the
   * message says how many entries before the failure are written.
   */
  async append (entries: readonly NewEntry[]): Promise<Acknowledgement> {
    const prepared = entries.map(prepareEntry)
    let last: Acknowledgement = { ids: [], seq: this.#open.get(this.#context.identity.did)?.tip?.seq ?? 0, durability: this.#context.durability }
    const ids: string[] = []
    for (const part of split(prepared)) {
      last = await this.#appends.add(part)
      ids.push(...last.ids)
    }
    return { ...last, ids }
  }

  /**
   * Changes the state. `edit` gets a draft to change in place. Resolves once the change is durable, to `undefined` when
   * it changed nothing.
   *
   * @throws what `edit` throws, and then nothing is changed; MeshError `MESH_ENTRY_TOO_LARGE`, `MESH_DISK_FAILED`.
   */
  async change (edit: (draft: Record<string, unknown>) => void): Promise<StateEnvelope | undefined> {
    const { identity: { did: origin }, clock, mayWrite, changed } = this.#context
    await mayWrite({ journal: this.name, part: 'state', origin })
    const envelope = await this.#state.change(edit, Math.floor(clock.now()))
    const feed = this.#state.feedOf(origin)
    if (envelope !== undefined && feed !== undefined) changed(feed)
    return envelope
  }

  /**
   * Takes what came in, of origins that are admitted; signatures were checked. What meets a gap is parked, and tried again
   * when something of its feed is stored.
   */
  async accept (arrivals: readonly Arrival[]): Promise<Verdict[]> {
    const verdicts = new Array<Verdict>(arrivals.length)
    for (const [group, indexes] of groupsOf(arrivals)) {
      const batch = indexes.map((index) => arrivals[index] as Arrival)
      const results = group === 'state' ? await this.#acceptState(batch) : await this.#acceptLog(group, batch)
      indexes.forEach((index, at) => { verdicts[index] = results[at] as Verdict })
    }
    return verdicts
  }

  /** Keeps, as far as there is room, what came of origins that are not admitted: until they are, or somebody who is has built on it. */
  async park (arrivals: readonly Arrival[]): Promise<void> {
    for (const arrival of arrivals) await this.parking.park(arrival, bytesOf(arrival), 'trust')
    if (arrivals.some((arrival) => envelopeOf(arrival).header.part === 'state')) await this.#retryState()
  }

  /** True while the state misses changes that those of admitted origins build on: then those of anybody are of use. */
  get seeksVouched (): boolean {
    return this.#waiting().length > 0
  }

  /** Points of what is parked of a feed, without a gap before it: the latest first. */
  parkedPoints (feed: FeedId): readonly Tip[] {
    const known = this.feedOf(feed)
    const points = new Map<string, Tip>()
    for (const { arrival } of this.parking.of(feed)) {
      const { id, header: { seq, prev } } = envelopeOf(arrival)
      if (prev === undefined || points.has(hexOf(prev)) || known?.knows({ seq: seq - 1, id: prev }) === true) points.set(hexOf(id), { seq, id })
    }
    return [...points.values()].reverse()
  }

  /** Takes in what was parked of an origin, which is admitted from now on. */
  async unpark (origin: Did): Promise<void> {
    for (const part of ['log', 'state'] as const) {
      const parked = this.parking.of({ journal: this.name, part, origin })
      if (parked.length > 0) await this.accept(parked.map(({ arrival }) => arrival))
    }
  }

  /** Entries of all logs merged in the agreed order. Throws `MESH_REQUEST_INVALID` (the cursor). */
  read (options: ReadOptions = {}): Promise<EntryPage> {
    return readEntries(this.logs, options)
  }

  /** Bytes on disk of all its files. */
  async bytes (): Promise<number> {
    const { disk } = this.#context
    let bytes = 0
    for (const name of await disk.list(this.#folder)) {
      const path = join(this.#folder, name)
      const paths = originOf(name) === undefined ? [path] : (await disk.list(path)).map((file) => join(path, file))
      for (const each of paths) {
        const file = await disk.openExisting(each)
        bytes += file?.size ?? 0
        await file?.close()
      }
    }
    return bytes
  }

  async close (): Promise<void> {
    for (const opening of this.#feeds.values()) await (await opening).close()
    await this.#state.close()
    await this.parking.close()
  }

  async #openLog (origin: Did): Promise<LogFeed> {
    const feed = await LogFeed.open({ journal: this.name, part: 'log', origin }, join(this.#folder, origin.slice('did:key:'.length)), this.#context)
    this.#open.set(origin, feed)
    return feed
  }

  async #acceptLog (origin: Did, arrivals: readonly Arrival[]): Promise<Verdict[]> {
    const feed = await this.log(origin)
    const before = feed.state
    const verdicts = await feed.accept(arrivals)
    await this.#settle(arrivals, verdicts)
    if (feed.state !== before) await this.#grew(feed)
    return verdicts
  }

  async #acceptState (arrivals: readonly Arrival[]): Promise<Verdict[]> {
    const verdicts = await this.#state.accept(arrivals)
    await this.#settle(arrivals, verdicts)
    const origins = new Set(arrivals.filter((_, index) => verdicts[index]?.status === 'stored').map(originOfArrival))
    for (const feed of this.#state.feeds) if (origins.has(feed.id.origin)) this.#context.changed(feed)
    if (origins.size > 0) await this.#retryState()
    return verdicts
  }

  /** Parks what met a gap, and takes out of the parking lot what is stored now. */
  async #settle (arrivals: readonly Arrival[], verdicts: readonly Verdict[]): Promise<void> {
    const done: Uint8Array[] = []
    for (const [index, arrival] of arrivals.entries()) {
      const { status } = verdicts[index] as Verdict
      if (status === 'gap') await this.parking.park(arrival, bytesOf(arrival), 'before')
      else if (status !== 'failed') done.push(envelopeOf(arrival).id)
    }
    await this.parking.remove(done)
  }

  async #grew (feed: LogFeed): Promise<void> {
    await this.#see(feed)
    this.#context.changed(feed)
    const parked = this.parking.of(feed.id)
    const next = Math.max(...feed.state.tips.map(({ seq }) => seq)) + 1
    if ((parked[0]?.seq ?? Infinity) <= next) await this.#acceptLog(feed.id.origin, parked.map(({ arrival }) => arrival))
  }

  /** Origins, admitted now, of parked state changes that miss something. */
  #waiting (): Did[] {
    return this.parking.summary.filter(({ part, why, origin }) => part === 'state' && why === 'before' && this.#context.admits(origin)).map(({ origin }) => origin)
  }

  /** Tries again what waits for a change of any origin. */
  async #retryState (): Promise<void> {
    const waiting = this.#waiting().flatMap((origin) => this.parking.of({ journal: this.name, part: 'state', origin }))
    if (waiting.length > 0) await this.accept(waiting.map(({ arrival }) => arrival))
  }

  async #write (groups: readonly (readonly PreparedEntry[])[]): Promise<Acknowledgement[]> {
    const { identity, durability, mayWrite, changed } = this.#context
    await mayWrite({ journal: this.name, part: 'log', origin: identity.did })
    const feed = await this.log(identity.did)
    if (!this.#hasSeen) await this.#seeAll()
    const { ids, seq } = await this.#stamp(feed, groups)
    changed(feed)
    return ids.map((own) => ({ ids: own, seq, durability }))
  }

  /** Stamps entries and writes them. When more of this node's own feed comes in meanwhile, from another life, they are stamped anew to stand after it. */
  async #stamp (feed: LogFeed, groups: readonly (readonly PreparedEntry[])[]): Promise<{ ids: string[][], seq: number }> {
    const { identity, clock, hybridClock } = this.#context
    const { tip } = feed
    const ids = groups.map((group) => group.map(() => hybridClock.next()))
    const texts = groups.flatMap((group, g) => group.map((entry, e) => entryText(ids[g]?.[e] ?? '', entry)))
    try {
      const { header: { seq } } = await feed.append(texts, identity, Math.floor(clock.now()))
      return { ids, seq }
    } catch (error) {
      if (feed.tip?.seq === tip?.seq) throw error
      await this.#see(feed)
      return await this.#stamp(feed, groups)
    }
  }

  /** What is here happened before what is written from now on. */
  async #seeAll (): Promise<void> {
    for (const feed of this.logs) await this.#see(feed)
    this.#hasSeen = true
  }

  async #see (feed: LogFeed): Promise<void> {
    const { hybridClock, identity } = this.#context
    for (const id of await feed.lastEntryIds()) hybridClock.see(id, feed.id.origin === identity.did)
  }

  /** As many groups as fit into one envelope and the open segment. */
  #fit (groups: readonly (readonly PreparedEntry[])[]): number {
    const held = this.#open.get(this.#context.identity.did)?.openEntries ?? 0
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

function originOfArrival (arrival: Arrival): Did {
  return envelopeOf(arrival).origin
}

/** Places in a batch by what they are taken in with: logs are independent of each other; all of the state is one. */
function groupsOf (arrivals: readonly Arrival[]): ReadonlyMap<Did | 'state', number[]> {
  const groups = new Map<Did | 'state', number[]>()
  for (const [index, arrival] of arrivals.entries()) {
    const { header: { part }, origin } = envelopeOf(arrival)
    const group = part === 'state' ? 'state' : origin
    const indexes = groups.get(group)
    if (indexes === undefined) groups.set(group, [index])
    else indexes.push(index)
  }
  return groups
}

/** Whose log a folder holds. */
function originOf (folder: string): Did | undefined {
  const did = `did:key:${folder}`
  return isDid(did) ? did : undefined
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
