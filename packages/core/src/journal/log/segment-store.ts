import { join } from 'node:path'
import { SegmentRules } from '../../automerge/segment-rules.ts'
import { describeError } from '../../errors.ts'
import type { FeedId, FeedState } from '../../transport.ts'
import { reportDamage, type FeedContext } from '../feed.ts'
import { DamagedSegment } from './damaged-segment.ts'
import { LogSegment, type SegmentContext } from './log-segment.ts'
import type { SegmentCache } from './segment-cache.ts'
import { SegmentIndex, type SegmentRow } from './segment-index.ts'
import { SegmentTree } from './segment-tree.ts'
import type { LoadedSegment } from './stored-segment.ts'

/** The segments of one feed, on disk and as a tree: what is added, kept and lost. What changes them runs in the feed's queue. */
export class SegmentStore {
  readonly id: FeedId
  readonly tree = new SegmentTree()
  readonly context: SegmentContext
  /** Where this life wrote last: it stays on its path, or two clones that meet would go on from each other over and over. */
  lastOwn: LogSegment | undefined
  /** Segments were lost since it was last looked whether what came after them can go on from others. */
  hasLost = true
  readonly #index: SegmentIndex
  #state: FeedState
  #isClosed = false

  private constructor (id: FeedId, context: SegmentContext, index: SegmentIndex) {
    this.id = id
    this.context = context
    this.#index = index
    this.#state = { feed: id, tips: [], heads: [] }
  }

  /** Makes the folder if need be, reads the index and the ends of the logs. `names` are the files that are there. */
  static async open (id: FeedId, folder: string, context: FeedContext & { readonly cache: SegmentCache }): Promise<{ store: SegmentStore, names: ReadonlySet<string> }> {
    const { disk, durability } = context
    await disk.makeFolder(folder)
    const names = new Set(await disk.list(folder))
    const { index, rows, damage } = await SegmentIndex.open(disk, join(folder, 'segments.index'), durability)
    const store = new SegmentStore(id, { ...context, journal: id.journal, folder }, index)
    if (damage !== undefined) reportDamage(context, id, damage, 'its index')
    try {
      await store.#openSegments(rows, names)
    } catch (error) {
      await store.close().catch(() => {})
      throw error
    }
    return { store, names }
  }

  get state (): FeedState { return this.#state }
  get isClosed (): boolean { return this.#isClosed }

  /** The segment that this node would write on, when the feed is its own. */
  get pen (): LogSegment | undefined {
    const { leaves } = this.tree
    const own = leaves.filter((leaf) => isUnder(leaf, this.lastOwn))
    return (own.length > 0 ? own : leaves).reduce<LogSegment | undefined>((best, leaf) => best === undefined || leaf.tip.seq > best.tip.seq ? leaf : best, undefined)
  }

  /** A new, empty segment that goes on from another. Without the id of its first envelope it gets a name that depends on its place alone: one that fails is tried again in the same file. */
  async begin (parent: LogSegment | undefined, id: Uint8Array | undefined): Promise<LogSegment> {
    const number = parent === undefined ? 0 : parent.number + 1
    const after = parent === undefined ? { seq: 0, entries: 0, head: undefined } : { seq: parent.tip.seq, entries: parent.tip.entries, head: parent.tip.head }
    const row = { name: this.#nameFor(number, id ?? parent?.tip.id ?? new Uint8Array(8)), number, after, shared: { seq: after.seq, entries: 0, with: undefined }, base: undefined }
    return LogSegment.begin(row, this.context, new SegmentRules(await lastEntryId(parent)), parent?.tip.id)
  }

  /** A segment that is still to get its snapshot; `id` is that of its proof. */
  make (row: Omit<SegmentRow, 'name' | 'base'>, id: Uint8Array): LogSegment {
    return LogSegment.make({ ...row, name: this.#nameFor(row.number, id), base: undefined }, this.context)
  }

  /** Makes a segment that is on disk part of the feed. */
  async keep (segment: LogSegment): Promise<void> {
    await this.putRow(segment.row)
    this.tree.add(segment)
  }

  /** Resolves when the index has the row. */
  putRow (row: SegmentRow): Promise<void> {
    return this.#index.put(row)
  }

  /** The content of a segment; `undefined`, with the segment set aside, when its files are damaged. Rejects with `MESH_DISK_FAILED` when they cannot be read now. */
  async load (segment: LogSegment): Promise<LoadedSegment | undefined> {
    try {
      return await segment.load()
    } catch (error) {
      if (this.#isClosed || !(error instanceof DamagedSegment)) throw error
      await this.lose(segment, error)
      return undefined
    }
  }

  /** Takes a damaged segment out; peers send it again. */
  async lose (segment: LogSegment, error: unknown): Promise<void> {
    if (!this.tree.all.includes(segment)) return
    this.tree.remove(segment)
    this.hasLost = true
    const heirs = inherit(segment, this.tree.all)
    this.tree.link()
    this.publish()
    this.context.damaged(this.id, describeError(error))
    try {
      await segment.setAside()
      await this.#forget(segment, heirs)
    } catch (error) {
      this.context.damaged(this.id, `the files of segment ${segment.number} could not be set aside: ${describeError(error)}`)
    }
  }

  /** Makes visible what is there now. */
  publish (): void {
    const { leaves } = this.tree
    this.#state = { feed: this.id, tips: leaves.map(({ tip: { seq, id } }) => ({ seq, id })), heads: leaves.map(({ tip: { head } }) => head) }
  }

  /** Nothing that is wrong from here on is taken for damage. */
  noteClosing (): void {
    this.#isClosed = true
  }

  async close (): Promise<void> {
    this.noteClosing()
    for (const segment of this.tree.all) await segment.close()
    await this.#index.close()
  }

  /** A name that no segment has: one that has grown since may be named after the same envelope. */
  #nameFor (number: number, id: Uint8Array): string {
    const name = `${String(number).padStart(6, '0')}-${hex(id.subarray(0, 8))}`
    return this.tree.all.some((segment) => segment.name === name) ? this.#nameFor(number, this.context.newActor()) : name
  }

  async #openSegments (rows: readonly SegmentRow[], names: ReadonlySet<string>): Promise<void> {
    const lost: LogSegment[] = []
    for (const row of rows) {
      const segment = await LogSegment.open(row, this.context, names)
      if (segment === undefined) lost.push(LogSegment.make(row, this.context))
      else this.tree.add(segment)
      if (segment?.damage !== undefined) reportDamage(this.context, this.id, segment.damage, `segment ${row.number}`)
    }
    for (let segment = lost.pop(); segment !== undefined; segment = lost.pop()) {
      this.context.damaged(this.id, `the files of segment ${segment.number} are missing or damaged`)
      await this.#forget(segment, inherit(segment, [...this.tree.all, ...lost]))
    }
    for (const segment of this.tree.all) await this.#shrink(segment)
    this.tree.link()
  }

  /** When a segment has lost its end, another may hold all that is left of it. */
  async #shrink (segment: LogSegment): Promise<void> {
    const { name, tip, count, children } = segment
    if (children.length > 0 || !this.tree.all.some(({ shared }) => shared.with === name && shared.seq >= tip.seq)) return
    const heirs = inherit(segment, this.tree.all)
    segment.share({ seq: tip.seq, entries: count, with: heirs[0]?.name })
    for (const each of [...heirs, segment]) await this.putRow(each.row)
  }

  async #forget ({ name }: LogSegment, heirs: readonly LogSegment[]): Promise<void> {
    for (const heir of heirs) await this.putRow(heir.row)
    await this.#index.remove(name)
  }
}

/** The id of the last entry of a segment, which those after it are greater than. */
export async function lastEntryId (segment: LogSegment | undefined): Promise<string | undefined> {
  return segment === undefined ? undefined : (await segment.load()).rules.lastEntryId
}

export function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** What a segment that is gone shared with others: from now on it is all there in the one of them that holds most of it. */
function inherit (gone: LogSegment, all: readonly LogSegment[]): LogSegment[] {
  const heirs = all.filter(({ shared }) => shared.with === gone.name).sort((a, b) => b.shared.seq - a.shared.seq)
  const [first, ...others] = heirs
  for (const other of others) other.share({ ...other.shared, with: first?.name })
  first?.share(first.shared.seq > gone.shared.seq ? gone.shared : { ...first.shared, with: gone.shared.with })
  return heirs
}

function isUnder (leaf: LogSegment, ancestor: LogSegment | undefined): boolean {
  if (ancestor === undefined) return false
  for (let segment: LogSegment | undefined = leaf; segment !== undefined; segment = segment.parent) if (segment === ancestor) return true
  return false
}
