import { join } from 'node:path'
import type { Acknowledgement, NewEntry, ReadOptions } from '../control.ts'
import type { Did } from '../did.ts'
import type { StateEnvelope } from '../envelope.ts'
import type { FeedId, FeedState, Tip, Verdict } from '../transport.ts'
import { Arrivals, type Places } from './arrivals.ts'
import type { Arrival, Feed } from './feed.ts'
import type { JournalContext } from './journal-context.ts'
import { LogAppender } from './log-appender.ts'
import type { LogFeed } from './log/log-feed.ts'
import { Logs, originOf } from './logs.ts'
import { Parking } from './parking.ts'
import { readEntries, type EntryPage } from './reading.ts'
import { JournalState } from './state/journal-state.ts'

/** An agent's journal as this node has it: the log and the state, each the sum of the feeds of all origins that write into it. */
export class Journal {
  readonly name: string
  readonly parking: Parking
  readonly state: JournalState
  readonly #folder: string
  readonly #context: JournalContext
  readonly #logs: Logs
  readonly #appender: LogAppender
  readonly #arrivals: Arrivals

  private constructor (name: string, folder: string, context: JournalContext, places: Places) {
    this.name = name
    this.parking = places.parking
    this.state = places.state
    this.#folder = folder
    this.#context = context
    this.#logs = places.logs
    this.#appender = new LogAppender(name, context, places.logs)
    this.#arrivals = new Arrivals(name, context, places)
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
    const logs = await Logs.open(name, folder, context)
    return new Journal(name, folder, context, { logs, state, parking })
  }

  /** The feeds of the log that are here, sorted by origin. */
  get logs (): readonly LogFeed[] { return this.#logs.all }

  /** All feeds that hold something. */
  get feeds (): readonly Feed[] {
    return [...this.logs, ...this.state.feeds].filter(({ state }) => state.tips.length > 0)
  }

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
    return this.#logs.of(origin)
  }

  /** A feed if it is here. */
  feedOf ({ part, origin }: Pick<FeedId, 'part' | 'origin'>): Feed | undefined {
    return part === 'log' ? this.#logs.find(origin) : this.state.feedOf(origin)
  }

  /**
   * Appends entries in order; as one unit, if they fit into one envelope (1,024 entries, 512 KiB). Resolves once they are durable.
   *
   * @throws MeshError `MESH_ENTRY_INVALID`, `MESH_ENTRY_TOO_LARGE`: nothing is written then. `MESH_DISK_FAILED`: the
   * message says how many entries before the failure are written.
   */
  async append (entries: readonly NewEntry[]): Promise<Acknowledgement> {
    return await this.#appender.append(entries)
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
    const envelope = await this.state.change(edit, Math.floor(clock.now()))
    const feed = this.state.feedOf(origin)
    if (envelope !== undefined && feed !== undefined) changed(feed)
    return envelope
  }

  /**
   * Takes what came in, of origins that are admitted; signatures were checked. What meets a gap is parked, and tried again
   * when something of its feed is stored.
   */
  async accept (arrivals: readonly Arrival[]): Promise<Verdict[]> {
    return await this.#arrivals.accept(arrivals)
  }

  /** Keeps, as far as there is room, what came of origins that are not admitted: until they are, or somebody who is has built on it. */
  async park (arrivals: readonly Arrival[]): Promise<void> {
    await this.#arrivals.park(arrivals)
  }

  /** Takes in what was parked of an origin, which is admitted from now on. */
  async unpark (origin: Did): Promise<void> {
    await this.#arrivals.unpark(origin)
  }

  /** True while the state misses changes that those of admitted origins build on: then those of anybody are of use. */
  get seeksVouched (): boolean { return this.#arrivals.seeksVouched }

  /** Points of what is parked of a feed, without a gap before it: the latest first. */
  parkedPoints (feed: FeedId): readonly Tip[] {
    return this.#arrivals.parkedPoints(feed, this.feedOf(feed))
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
    await this.#logs.close()
    await this.state.close()
    await this.parking.close()
  }
}
