import type { LogEnvelope } from '../../envelope.ts'
import type { Identity } from '../../identity.ts'
import { SerialQueue } from '../../serial-queue.ts'
import { closeOnFailure } from '../../storage/close-on-failure.ts'
import type { FeedId, FeedState, Tip, Verdict } from '../../transport.ts'
import { idOfText } from '../entry.ts'
import type { Arrival, Feed, FeedContext, ServedItem, ServeOptions } from '../feed.ts'
import { Intake } from './intake.ts'
import { takeInLeftovers } from './leftovers.ts'
import type { LogSegment } from './log-segment.ts'
import { LogWriter } from './log-writer.ts'
import { Sealer, type SnapshotItem } from './sealer.ts'
import type { SegmentCache } from './segment-cache.ts'
import type { Point } from './segment-index.ts'
import { SegmentStore } from './segment-store.ts'
import type { SegmentTree } from './segment-tree.ts'
import { countEnvelopes, serveSegments } from './serving.ts'
import type { LoadedSegment } from './stored-segment.ts'

const maxPoints = 64
const maxDetachedNamed = 1024

/** One origin's log of one journal: segments on disk, in a chain or, where the feed forked, a tree. */
export class LogFeed implements Feed {
  readonly #store: SegmentStore
  readonly #queue = new SerialQueue()
  readonly #sealer: Sealer
  readonly #intake: Intake
  readonly #writer: LogWriter

  private constructor (store: SegmentStore) {
    this.#store = store
    this.#sealer = new Sealer(store, this.#queue)
    this.#intake = new Intake(store, this.#sealer)
    this.#writer = new LogWriter(store, this.#sealer)
  }

  /**
   * Opens the feed's folder, making it if need be. Reads the index and the ends of the logs; the rest is loaded when it is
   * used.
   *
   * @throws MeshError `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`.
   */
  static async open (id: FeedId, folder: string, context: FeedContext & { readonly cache: SegmentCache }): Promise<LogFeed> {
    const { store, names } = await SegmentStore.open(id, folder, context)
    const feed = new LogFeed(store)
    return await closeOnFailure(feed, async () => {
      await takeInLeftovers(store, names, (arrivals) => feed.accept(arrivals))
      await feed.accept([])
      store.publish()
      for (const segment of store.tree.all) if (segment.children.length > 0) feed.#sealer.seal(segment)
      return feed
    })
  }

  get id (): FeedId { return this.#store.id }
  get tree (): SegmentTree { return this.#store.tree }
  get state (): FeedState { return this.#store.state }

  /** Entries that are here, each once. */
  get count (): number {
    return this.tree.all.reduce((sum, { count, shared }) => sum + count - shared.entries, 0)
  }

  /** The end of the path that this node would write on, when the feed is its own. */
  get tip (): Point | undefined { return this.#store.pen?.tip }

  /** Entries in the segment that `append` goes on with. */
  get openEntries (): number { return this.#store.pen?.count ?? 0 }

  get points (): readonly Tip[] { return this.tree.points(maxPoints) }
  get detached (): readonly Tip[] {
    return this.tree.detached.slice(-maxDetachedNamed).map(({ tip: { seq, id } }) => ({ seq, id }))
  }

  knows (point: Tip): boolean {
    return this.tree.holding(point) !== undefined
  }

  isBefore (point: Tip, other: Tip): boolean {
    return this.tree.isBefore(point, other)
  }

  countAfter (have: readonly Tip[]): number {
    return countEnvelopes(this.tree, have)
  }

  pointBefore (seq: number): readonly Tip[] {
    return this.tree.pointBefore(seq)
  }

  serve (have: readonly Tip[], skip: readonly Tip[], options: ServeOptions): AsyncGenerator<ServedItem> {
    return serveSegments(this.tree, have, skip, options, (segment, slack) => this.snapshot(segment, slack), (segment, error) => this.#store.lose(segment, error))
  }

  accept (arrivals: readonly Arrival[]): Promise<Verdict[]> {
    return this.#queue.run(() => this.#intake.take(arrivals))
  }

  /**
   * Writes texts as this node's next envelope, when the feed is its own; those that do not fit into the open segment
   * begin a new one. Resolves to the sealed envelope once it is on disk; rejects with `MESH_DISK_FAILED` and keeps nothing.
   */
  append (texts: readonly string[], identity: Identity, at: number): Promise<LogEnvelope> {
    return this.#queue.run(() => this.#writer.append(texts, identity, at))
  }

  /** Entries of the last envelopes, newest last; for the hybrid clock. */
  async lastEntryIds (): Promise<string[]> {
    const ids: string[] = []
    for (const leaf of this.tree.leaves) {
      const { rules } = await this.load(leaf) ?? {}
      if (rules?.lastEntryId !== undefined) ids.push(rules.lastEntryId)
    }
    return ids
  }

  /** Ids of the first and the last entry of the log's main path, as far as there are any. */
  async ends (): Promise<[first: string | undefined, last: string | undefined]> {
    const first = this.tree.all.find(({ number, shared }) => number === 0 && shared.entries === 0)
    const { pen } = this.#store
    const text = first === undefined ? undefined : (await this.load(first))?.texts[0]
    return [text === undefined ? undefined : idOfText(text), pen === undefined ? undefined : (await this.load(pen))?.rules.lastEntryId]
  }

  /** As `SegmentStore.load`. */
  load (segment: LogSegment): Promise<LoadedSegment | undefined> {
    return this.#store.load(segment)
  }

  /** The snapshot of a segment up to its last envelope or at most `slack` entries before it, made if there is none. */
  snapshot (segment: LogSegment, slack = 0): Promise<SnapshotItem> {
    return this.#sealer.snapshot(segment, slack)
  }

  async close (): Promise<void> {
    this.#store.noteClosing()
    await this.#sealer.rest()
    await this.#queue.run(() => this.#store.close())
  }
}
