import { join } from 'node:path'
import { readChange } from '../../automerge/change.ts'
import { maxLogChangeOps, maxSegmentChanges, maxSegmentEntries, maxSegmentTextBytes } from '../../automerge/segment-limits.ts'
import { SegmentRules, type LogChange, type OpenedSegment } from '../../automerge/segment-rules.ts'
import { sameBytes } from '../../bytes.ts'
import { peekEnvelope, sealEnvelope, maxEnvelopeBytes, type LogEnvelope } from '../../envelope.ts'
import { describeError, isMeshError } from '../../errors.ts'
import type { Identity } from '../../identity.ts'
import { SerialQueue } from '../../serial-queue.ts'
import { inflateDocument, isSnapshot, parseSnapshot, type Snapshot } from '../../snapshot.ts'
import { closeOnFailure } from '../../storage/close-on-failure.ts'
import type { FeedId, FeedState, Tip, Verdict } from '../../transport.ts'
import { idOfText } from '../entry.ts'
import { reportDamage, type Arrival, type Feed, type FeedContext, type ServedItem, type ServeOptions } from '../feed.ts'
import { aside, DamagedSegment, LogSegment, packSnapshot, pointOf, type CheckedEnvelope, type LoadedSegment, type SegmentContext } from './log-segment.ts'
import { PassedEnds } from './passed-ends.ts'
import { openRecords } from './records.ts'
import type { SegmentCache } from './segment-cache.ts'
import { SegmentDocument } from './segment-document.ts'
import { SegmentIndex, type Point, type SegmentRow } from './segment-index.ts'
import { isCut, SegmentTree } from './segment-tree.ts'
import { countEnvelopes, serveSegments } from './serving.ts'
import { readSnapshotFile } from './snapshot-file.ts'

/** Paths of one feed that are taken; an origin with more writes forks faster than any accident makes them. */
export const maxPaths = 16
const maxPoints = 64
const maxDetachedNamed = 1024

const filePattern = /^\d{6}-[0-9a-f]{16}(-\d+)?\.(snap|log)(\.aside)?$/
const poisoned = 'this process died twice while it took it in'

/** A change of a document, and the entries once it is applied. */
type Step = ReturnType<OpenedSegment['proof']['steps']>[number]

/** Envelopes that follow each other in one segment, checked, on their way to the disk. */
interface Run { readonly segment: LogSegment, readonly loaded: LoadedSegment, readonly fresh: CheckedEnvelope[], readonly indexes: number[] }

/** One origin's log of one journal: segments on disk, in a chain or, where the feed forked, a tree. */
export class LogFeed implements Feed {
  readonly id: FeedId
  readonly tree = new SegmentTree()
  readonly #context: SegmentContext
  readonly #index: SegmentIndex
  readonly #queue = new SerialQueue()
  /** Sealing: beside the queue, because what is sealed does not change any more. */
  readonly #sealing = new SerialQueue()
  readonly #ends = new PassedEnds(maxPaths)
  #state: FeedState
  /** Where this life wrote last: it stays on its path, or two clones that meet would go on from each other over and over. */
  #lastOwn: LogSegment | undefined
  #isClosed = false
  /** A segment in which an append failed, and may have left what could not be taken back yet. */
  #unfinished: { readonly segment: LogSegment, readonly isNew: boolean } | undefined
  /** Segments were lost since it was last looked whether what came after them can go on from others. */
  #hasLost = true

  private constructor (id: FeedId, context: SegmentContext, index: SegmentIndex) {
    this.id = id
    this.#context = context
    this.#index = index
    this.#state = { feed: id, tips: [], heads: [] }
  }

  /**
   * Opens the feed's folder, making it if need be. Reads the index and the ends of the logs; documents are loaded when
   * they are used.
   *
   * @throws MeshError `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`.
   */
  static async open (id: FeedId, folder: string, context: FeedContext & { readonly cache: SegmentCache }): Promise<LogFeed> {
    const { disk, durability } = context
    await disk.makeFolder(folder)
    const names = new Set(await disk.list(folder))
    const { index, rows, damage } = await SegmentIndex.open(disk, join(folder, 'segments.index'), durability)
    const feed = new LogFeed(id, { ...context, journal: id.journal, folder }, index)
    if (damage !== undefined) reportDamage(context, id, damage, 'its index')
    return await closeOnFailure(feed, async () => {
      await feed.#openSegments(rows, names)
      await feed.#takeInRest(names)
      await feed.accept([])
      feed.#publish()
      for (const segment of feed.tree.all) if (segment.children.length > 0) feed.#sealLater(segment)
      return feed
    })
  }

  get state (): FeedState { return this.#state }

  /** Entries that are here, each once. */
  get count (): number {
    return this.tree.all.reduce((sum, { count, shared }) => sum + count - shared.entries, 0)
  }

  /** The end of the path that this node would write on, when the feed is its own. */
  get tip (): Point | undefined { return this.#pen()?.tip }

  /** Entries in the segment that `append` goes on with. */
  get openEntries (): number { return this.#pen()?.count ?? 0 }

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
    return serveSegments(this.tree, have, skip, options, (segment, slack) => this.snapshot(segment, slack), (segment, error) => this.#lose(segment, error))
  }

  accept (arrivals: readonly Arrival[]): Promise<Verdict[]> {
    return this.#queue.run(async () => {
      if (this.#hasLost) await this.#attach()
      const verdicts = new Array<Verdict>(arrivals.length)
      let run: Run | undefined
      for (const [index, arrival] of arrivals.entries()) {
        const next = arrival.kind === 'envelope' && run !== undefined && continues(arrival.envelope as LogEnvelope, run)
        if (!next) {
          await this.#flush(run, verdicts)
          run = undefined
        }
        const outcome = arrival.kind === 'snapshot'
          ? await this.#guard(() => this.#takeSnapshot(arrival.snapshot, arrival.bytes))
          : await this.#guard(() => this.#takeEnvelope(arrival.envelope as LogEnvelope, index, run))
        if ('status' in outcome) verdicts[index] = outcome
        else run = outcome
      }
      await this.#flush(run, verdicts)
      return verdicts
    })
  }

  /**
   * Writes texts as this node's next envelope, when the feed is its own; those that do not fit into the open segment
   * begin a new one. Resolves to the sealed envelope once it is on disk; rejects with `MESH_DISK_FAILED` and keeps nothing.
   */
  append (texts: readonly string[], identity: Identity, at: number): Promise<LogEnvelope> {
    return this.#queue.run(async () => {
      try {
        return await this.#append(texts, identity, at)
      } catch (error) {
        // Once more, with another actor (its name may have been taken) and without what is damaged.
        if (error instanceof DamagedSegment) await this.#lose(error.segment, error)
        else if (isMeshError(error)) throw error
        return await this.#append(texts, identity, at)
      }
    })
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
    const pen = this.#pen()
    const text = first === undefined ? undefined : (await this.load(first))?.texts[0]
    return [text === undefined ? undefined : idOfText(text), pen === undefined ? undefined : (await this.load(pen))?.rules.lastEntryId]
  }

  /** The content of a segment; `undefined`, with the segment set aside, when its files are damaged. Rejects with `MESH_DISK_FAILED` when they cannot be read now. */
  async load (segment: LogSegment): Promise<LoadedSegment | undefined> {
    try {
      return await segment.load()
    } catch (error) {
      if (this.#isClosed || !(error instanceof DamagedSegment)) throw error
      await this.#lose(segment, error)
      return undefined
    }
  }

  /** The snapshot of a segment up to its last envelope or at most `slack` entries before it, made if there is none. */
  async snapshot (segment: LogSegment, slack = 0): Promise<{ point: Point, bytes: Uint8Array }> {
    return await this.#storedSnapshot(segment, slack) ?? await this.#sealing.run(async () => {
      // Whoever sealed before may have made it, and dropped what it was to be made of.
      const stored = await this.#storedSnapshot(segment, slack)
      if (stored !== undefined) return stored
      const { proof, document, point } = await this.#queue.run(() => segment.capture())
      const bytes = await packSnapshot(proof, document)
      void this.#keepSnapshot(segment, point, bytes)                       // who asks need not wait for it
      return { point, bytes }
    })
  }

  #keepSnapshot (segment: LogSegment, point: Point, bytes: Uint8Array): Promise<void> {
    return this.#sealing.run(() => this.#queue.run(async () => {
      const isNews = !this.#isClosed && this.tree.all.includes(segment) && (segment.base?.seq ?? 0) < point.seq
      if (isNews) await segment.adopt(bytes, point, undefined, (row) => this.#index.put(row))
    })).catch((error: unknown) => this.#context.noted?.(this.id, `the snapshot of segment ${segment.number} could not be kept: ${describeError(error)}`))
  }

  async #storedSnapshot (segment: LogSegment, slack: number): Promise<{ point: Point, bytes: Uint8Array } | undefined> {
    const { base, tip } = segment
    return base !== undefined && tip.entries - base.entries <= slack ? { point: base, bytes: await segment.readSnapshot() } : undefined
  }

  async close (): Promise<void> {
    this.#isClosed = true
    await this.#sealing.run(() => {})
    await this.#queue.run(async () => {
      for (const segment of this.tree.all) await segment.close()
      await this.#index.close()
    })
  }

  #pen (): LogSegment | undefined {
    const own = this.tree.leaves.filter((leaf) => isUnder(leaf, this.#lastOwn))
    return (own.length > 0 ? own : this.tree.leaves).reduce<LogSegment | undefined>((best, leaf) => best === undefined || leaf.tip.seq > best.tip.seq ? leaf : best, undefined)
  }

  async #append (texts: readonly string[], identity: Identity, at: number): Promise<LogEnvelope> {
    await this.#takeBack()
    const pen = this.#pen()
    const isNew = pen === undefined || !await hasRoom(pen, texts)
    const segment = isNew ? await this.#newSegment(pen, undefined) : pen
    try {
      const checked = await segment.use(() => this.#seal(segment, texts, identity, at))
      await segment.store([checked], true)
      if (isNew) await this.#keepNew(segment)
      this.#lastOwn = segment
      this.#publish()
      return checked.envelope
    } catch (error) {
      segment.unload()
      this.#unfinished = { segment, isNew }
      await this.#takeBack().catch(() => {})                               // before the next append it must succeed
      throw error
    }
  }

  /** Takes back what an append that failed has written: found again after what is written next, it may be a fork. */
  async #takeBack (): Promise<void> {
    const { segment, isNew } = this.#unfinished ?? {}
    await (isNew === true ? segment?.discard() : segment?.cutRest())
    this.#unfinished = undefined
  }

  async #seal (segment: LogSegment, texts: readonly string[], identity: Identity, at: number): Promise<CheckedEnvelope> {
    const { document, rules } = await segment.open()
    const root = rules.changes === 0 ? { journal: this.id.journal, segment: segment.number, previousHead: segment.after.head } : undefined
    const payload = document.append(texts, Math.floor(at / 1000), root)
    const change = rules.check(payload)
    rules.advance(change)
    const { seq, id, entries } = segment.tip
    const header = { kind: 'journal', journal: this.id.journal, part: 'log', segment: segment.number, seq: seq + 1, prev: seq === 0 ? undefined : id, entries: entries + texts.length, actor: document.actor, heads: [change.hash], at } as const
    return { envelope: sealEnvelope(identity, this.#context.meshId, header, payload), change }
  }

  /** A verdict, or the run that the envelope belongs to, which is not on disk yet. */
  async #takeEnvelope (envelope: LogEnvelope, index: number, run: Run | undefined): Promise<Verdict | Run> {
    const { header } = envelope
    if (this.#context.mark.quarantined.has(hex(envelope.id))) return refused(poisoned)
    if (run !== undefined) return extend(run, envelope, index)
    for (const segment of this.tree.covering(header.segment, header.seq)) {
      if (await segment.passes(header.seq, envelope.id, header.heads[0])) return await this.#passOver(segment, envelope)
    }
    const end = header.seq === 1 ? undefined : this.tree.endingWith({ seq: header.seq - 1, id: header.prev })
    if (header.seq === 1) return await this.#begin(undefined, envelope)
    if (end !== undefined && header.segment === end.number && end.children.length === 0) {
      return extend({ segment: end, loaded: await end.load(), fresh: [], indexes: [] }, envelope, index)
    }
    if (end !== undefined && header.segment === end.number + 1) return await this.#begin(end, envelope)
    return await this.#takeFork(envelope)
  }

  /** An envelope that goes on from the middle of what is here. */
  async #takeFork (envelope: LogEnvelope): Promise<Verdict> {
    const { header: { segment: number, seq, prev } } = envelope
    const before = { seq: seq - 1, id: prev ?? new Uint8Array(0) }
    for (const segment of this.tree.covering(number, before.seq)) {
      if (await segment.passes(before.seq, before.id, depOf(envelope))) return await this.#fork(segment, before.seq, envelope)
    }
    for (const segment of this.tree.covering(number - 1, before.seq)) {
      const kept = await segment.proofAt(before.seq)
      const proof = sameBytes(kept?.id, before.id) ? kept : this.#ends.named(before.id)
      if (proof === undefined || !await segment.passes(before.seq, before.id, proof.header.heads[0])) continue
      const end = await this.#cutAt(segment, proof)
      return 'status' in end ? end : await this.#begin(end, envelope)
    }
    const next = this.#pen()?.tip.seq ?? 0
    return { status: 'gap', reason: seq > next + 1 ? `envelope ${next + 1} is missing` : `its predecessor ${seq - 1} is not here` }
  }

  /** What is here already. It may be the end of another path's segment, and what goes on from there may wait for it. */
  async #passOver (segment: LogSegment, proof: LogEnvelope): Promise<Verdict> {
    const { header: { seq, heads, entries } } = proof
    if (seq === segment.tip.seq) return { status: 'duplicate' }
    if (seq < segment.firstKept) this.#ends.note(proof)
    const isAwaited = this.tree.detached.some(({ number, after }) => number === segment.number + 1 && after.seq === seq && after.entries === entries && sameBytes(after.head, heads[0]))
    if (!isAwaited) return { status: 'duplicate' }
    const end = await this.#cutAt(segment, proof)
    if ('status' in end) return end
    for (const child of end.children) this.#report(proof, child)
    return { status: 'stored' }
  }

  /** The first envelope of a segment. */
  async #begin (parent: LogSegment | undefined, envelope: LogEnvelope): Promise<Verdict> {
    const { header } = envelope
    if (header.segment !== (parent === undefined ? 0 : parent.number + 1)) return refused(`segment ${header.segment} does not follow ${parent === undefined ? 'the start of a feed' : `segment ${parent.number}`}`)
    const siblings = parent?.children ?? this.tree.all.filter(({ number }) => number === 0)
    if (siblings.length > 0 && this.#isFull()) return this.#tooMany()
    const segment = await this.#newSegment(parent, envelope.id)
    const loaded = await segment.load()
    const checked = checkEnvelope(envelope, segment, loaded.rules)
    if ('status' in checked) return checked
    loaded.rules.advance(checked.change)
    try {
      await segment.store([checked])
      await this.#keepNew(segment)
    } catch (error) {
      await segment.discard()
      throw error
    }
    this.#reportFork(segment, envelope)
    this.#publish()
    return { status: 'stored' }
  }

  /** Without the id of its first envelope it gets a name that depends on its place alone: one that fails is tried again in the same file. */
  async #newSegment (parent: LogSegment | undefined, id: Uint8Array | undefined): Promise<LogSegment> {
    const number = parent === undefined ? 0 : parent.number + 1
    const after = parent === undefined ? { seq: 0, entries: 0, head: undefined } : { seq: parent.tip.seq, entries: parent.tip.entries, head: parent.tip.head }
    const lastEntryId = parent === undefined ? undefined : (await parent.load()).rules.lastEntryId
    const row = { name: this.#nameFor(number, id ?? parent?.tip.id ?? new Uint8Array(8)), number, after, shared: { seq: after.seq, entries: 0, with: undefined }, base: undefined }
    return LogSegment.begin(row, this.#context, new SegmentRules(lastEntryId), parent?.tip.id)
  }

  /** A name that no segment has: one that has grown since may be named after the same envelope. */
  #nameFor (number: number, id: Uint8Array): string {
    const name = `${String(number).padStart(6, '0')}-${hex(id.subarray(0, 8))}`
    return this.tree.all.some((segment) => segment.name === name) ? this.#nameFor(number, this.#context.newActor()) : name
  }

  /** Makes a segment whose first envelopes are on disk part of the feed. */
  async #keepNew (segment: LogSegment): Promise<void> {
    await this.#index.put(segment.row)
    this.tree.add(segment)
    if (segment.parent !== undefined) this.#sealLater(segment.parent)
  }

  /** A second path: what both share, and the envelope that goes on from there, as a segment beside the one that is here. */
  async #fork (elder: LogSegment, seq: number, envelope: LogEnvelope): Promise<Verdict> {
    if (this.#isFull()) return this.#tooMany()
    const { rules, texts, document } = await this.#prefixOf(elder, seq)
    const shared = { seq, entries: texts.length, with: elder.name }
    const checked = checkEnvelope(envelope, elder, rules)
    if ('status' in checked) return checked
    this.#apply(document, envelope, checked.change)
    rules.advance(checked.change)
    const segment = await this.#addBeside(elder, envelope, shared, document, { rules, texts: [...texts, ...checked.change.texts], document: undefined })
    this.#reportFork(segment, envelope)
    return { status: 'stored' }
  }

  /** A segment of its own for the part of another that ends earlier, so that another path can go on from there. */
  async #cutAt (elder: LogSegment, proof: LogEnvelope): Promise<LogSegment | Verdict> {
    if (this.#isFull()) return this.#tooMany()
    const { seq } = proof.header
    const { rules, texts, document } = await this.#prefixOf(elder, seq)
    return await this.#addBeside(elder, proof, { seq, entries: texts.length, with: elder.name }, document, { rules, texts: [...texts], document: undefined })
  }

  async #addBeside (elder: LogSegment, proof: LogEnvelope, shared: SegmentRow['shared'], document: SegmentDocument, loaded: LoadedSegment): Promise<LogSegment> {
    const { number, after } = elder
    const segment = LogSegment.make({ name: this.#nameFor(number, proof.id), number, after, shared, base: undefined }, this.#context)
    const item = await packSnapshot(proof, document.save())
    document.free()
    await segment.adopt(item, pointOf(proof), loaded, (row) => this.#index.put(row))
    this.tree.add(segment)
    this.#publish()
    return segment
  }

  /** The document and rules of a segment up to one of its envelopes. */
  async #prefixOf (segment: LogSegment, seq: number): Promise<LoadedSegment & { document: SegmentDocument }> {
    const changes = (await segment.open()).document.changes().slice(0, seq - segment.after.seq)
    const rules = new SegmentRules(await this.#lastIdBefore(segment))
    const texts: string[] = []
    for (const bytes of changes) {
      const change = rules.check(bytes)
      rules.advance(change)
      texts.push(...change.texts)
    }
    const document = new SegmentDocument(this.#context.newActor())
    if (rules.head !== undefined) document.apply(changes, rules.head, texts.length)
    return { rules, texts, document }
  }

  async #lastIdBefore ({ parent }: LogSegment): Promise<string | undefined> {
    return parent === undefined ? undefined : (await parent.load()).rules.lastEntryId
  }

  async #takeSnapshot (snapshot: Snapshot, bytes: Uint8Array): Promise<Verdict> {
    const { proof } = snapshot
    const { segment: number, seq, heads } = proof.header
    if (this.#context.mark.quarantined.has(hex(proof.id))) return refused(poisoned)
    for (const segment of this.tree.covering(number, seq)) {
      if (await segment.passes(seq, proof.id, heads[0])) return await this.#passOver(segment, proof)
    }
    const opened = await this.#openSnapshot(snapshot)
    if ('status' in opened) return opened
    const { after, loaded, steps } = opened
    const parent = number === 0 ? undefined : await this.#endFor(number - 1, after)
    if (parent !== undefined && 'status' in parent) return parent
    if (parent !== undefined && !await followsEntries(parent, loaded.texts)) return refused('its entries do not follow those before it')
    const point = pointOf(proof)
    const beside = this.tree.all.filter((each) => each.number === number && each.after.seq === after.seq && sameBytes(each.after.head, after.head))
    const older = beside.find((each) => each.children.length === 0 && !isCut(each) && steps().some(({ hash }) => sameBytes(hash, each.tip.head)))
    if (older !== undefined) {
      await older.adopt(bytes, point, loaded, (row) => this.#index.put(row))
    } else {
      if (beside.length > 0 && this.#isFull()) return this.#tooMany()
      const shared = await this.#sharedWith(beside, steps, after)
      const segment = LogSegment.make({ name: this.#nameFor(number, proof.id), number, after, shared, base: undefined }, this.#context)
      await segment.adopt(bytes, point, loaded, (row) => this.#index.put(row))
      this.tree.add(segment)
      this.#reportFork(segment, proof)
    }
    this.tree.link()
    if (parent !== undefined) this.#sealLater(parent)
    this.#publish()
    return { status: 'stored' }
  }

  /** Unfolds a snapshot within bounds and proves it: the hashes of its changes lead to the head that the proof signs. */
  async #openSnapshot (snapshot: Snapshot): Promise<Verdict | { loaded: LoadedSegment, after: SegmentRow['after'], steps: () => readonly Step[] }> {
    const { proof: { header } } = snapshot
    const inflated = await inflateDocument(snapshot)
    const { rules, root, head, changes, texts, proof } = SegmentRules.ofDocument(inflated)
    const after = { seq: header.seq - changes, entries: header.entries - texts.length, head: root.previousHead }
    if (root.journal !== this.id.journal || root.segment !== header.segment) return refused('its document is of another journal or segment than its proof')
    if (!sameBytes(head, header.heads[0]) || header.heads.length !== 1) return refused('its document does not end where its proof says')
    const isFirst = header.segment === 0
    if (isFirst ? after.seq !== 0 || after.entries !== 0 || after.head !== undefined : after.seq <= 0 || after.entries <= 0 || after.head === undefined) return refused('its document does not have the place that its proof gives it')
    if (!proof.holds()) return refused('its entries are not those that its origin signed: somebody altered, dropped or added some')
    return { after, loaded: { rules, texts: [...texts], document: undefined }, steps: () => proof.steps() }
  }

  /** Hangs segments that hang in the air where they belong, if another holds that place too. */
  async #attach (): Promise<void> {
    this.#hasLost = false
    for (const { number, after } of this.tree.detached) {
      try {
        await this.#endFor(number - 1, after)
      } catch (error) {
        if (error instanceof DamagedSegment) await this.#lose(error.segment, error)
        this.#hasLost = true                                               // tried again with what comes in next
      }
    }
    this.tree.link()
    this.#publish()
  }

  /** The segment that a snapshot goes on from: none yet, or one cut for it. */
  async #endFor (number: number, after: SegmentRow['after']): Promise<LogSegment | Verdict | undefined> {
    const end = this.tree.endAt(number, after.seq, after.head)
    if (end !== undefined) return end.tip.entries === after.entries ? end : refused('it does not count the entries before it right')
    for (const segment of this.tree.covering(number, after.seq)) {
      const proof = this.#ends.find(after.seq, after.head) ?? await segment.proofAt(after.seq)
      if (proof?.header.entries !== after.entries || !sameBytes(proof.header.heads[0], after.head)) continue
      if (await segment.passes(after.seq, proof.id, after.head)) return await this.#cutAt(segment, proof)
    }
  }

  /** How much of a document the segments beside it hold too. */
  async #sharedWith (beside: readonly LogSegment[], steps: () => readonly Step[], after: SegmentRow['after']): Promise<SegmentRow['shared']> {
    let shared: SegmentRow['shared'] = { seq: after.seq, entries: 0, with: undefined }
    for (const segment of beside) {
      const { document } = await segment.open()
      const end = steps().findIndex(({ hash }) => !document.has(hash))
      const last = steps().at(end < 0 ? -1 : end - 1)
      if (end !== 0 && last !== undefined && last.entries > shared.entries) shared = { seq: after.seq + (end < 0 ? steps().length : end), entries: last.entries, with: segment.name }
    }
    return shared
  }

  #apply (document: SegmentDocument, { id, payload }: LogEnvelope, { hash, texts }: LogChange): void {
    const { mark } = this.#context
    mark.begin(id)
    try {
      document.apply([payload], hash, texts.length)
    } finally {
      mark.end()
    }
  }

  async #flush (run: Run | undefined, verdicts: Verdict[]): Promise<void> {
    if (run === undefined || run.fresh.length === 0) return
    const { segment, fresh, indexes } = run
    if (fresh.length > 1 && this.#context.mark.suspects.size > 0) {
      segment.unload()
      return await this.#storeEach(run, verdicts)                     // each alone, so that the mark names the one that kills
    }
    try {
      await segment.store(fresh)
      for (const index of indexes) verdicts[index] = { status: 'stored' }
      this.tree.link()
      this.#publish()
    } catch (error) {
      const isSingle = fresh.length === 1
      if (isSingle || isMeshError(error)) {
        const failed = verdictOf(error)
        for (const index of indexes) verdicts[index] = failed
        return
      }
      await this.#storeEach(run, verdicts)
    }
  }

  /** Keeps what stands before a change that Automerge refuses. */
  async #storeEach ({ segment, fresh, indexes }: Run, verdicts: Verdict[]): Promise<void> {
    let isNext = true
    for (const [at, { envelope }] of fresh.entries()) {
      const index = indexes[at] ?? 0
      if (!isNext) {
        verdicts[index] = { status: 'gap', reason: 'an envelope before it was not stored' }
        continue
      }
      const run = extend({ segment, loaded: await segment.load(), fresh: [], indexes: [] }, envelope, index)
      if ('status' in run) verdicts[index] = run
      else await this.#flush(run, verdicts)
      isNext = verdicts[index]?.status === 'stored'
    }
  }

  /** What goes wrong with one arrival is its verdict. */
  async #guard (take: () => Promise<Verdict | Run>): Promise<Verdict | Run> {
    try {
      return await take()
    } catch (error) {
      if (error instanceof DamagedSegment) await this.#lose(error.segment, error)
      return verdictOf(error)
    }
  }

  #isFull (): boolean {
    return this.tree.leaves.length >= maxPaths
  }

  #tooMany (): Verdict {
    return refused(`its feed has forked into ${maxPaths} paths already: ${this.id.origin} is quarantined. Find out who else writes with its key`)
  }

  /** Reports a segment that has come, if the feed goes on otherwise too where it leaves what was here. */
  #reportFork (segment: LogSegment, envelope: LogEnvelope): void {
    const { number, after, parent } = segment
    const other = this.tree.all.find((each) => each !== segment && each.number === number && each.after.seq === after.seq && sameBytes(each.after.head, after.head)) ?? this.tree.elderOf(parent)
    if (other !== undefined) this.#report(envelope, other)
  }

  #report ({ id, bytes, header: { seq } }: LogEnvelope, other: LogSegment): void {
    const rival = other.covers(seq) ? other : other.children[0] ?? other
    const kept = rival.bytesAt(seq)
    this.#context.forked({ feed: this.id, seq, ids: [hex(rival.idAt(seq) ?? rival.tip.id), hex(id)], proof: kept === undefined ? [bytes] : [kept, bytes] })
  }

  #sealLater (segment: LogSegment): void {
    this.#sealing.run(async () => {
      if (this.#isClosed) return
      if (segment.base?.seq !== segment.tip.seq) {
        const { proof, document, point } = await this.#queue.run(() => segment.capture())
        const bytes = await packSnapshot(proof, document)
        await this.#queue.run(() => segment.adopt(bytes, point, undefined, (row) => this.#index.put(row)))
        segment.closeDocument()
      }
      const { parent } = segment
      if (parent?.children.every((child) => child.base?.seq === child.tip.seq && child.children.length > 0) === true) await this.#queue.run(() => parent.dropLog())
    }).catch(async (error: unknown) => {
      if (error instanceof DamagedSegment) await this.#lose(error.segment, error)
      else this.#context.noted?.(this.id, `segment ${segment.number} could not be sealed yet: ${describeError(error)}`)
    })
  }

  /** Takes a damaged segment out; peers send it again. */
  async #lose (segment: LogSegment, error: unknown): Promise<void> {
    if (!this.tree.all.includes(segment)) return
    this.tree.remove(segment)
    this.#hasLost = true
    const heirs = inherit(segment, this.tree.all)
    this.tree.link()
    this.#publish()
    this.#context.damaged(this.id, describeError(error))
    try {
      await segment.setAside()
      await this.#forget(segment, heirs)
    } catch (error) {
      this.#context.damaged(this.id, `the files of segment ${segment.number} could not be set aside: ${describeError(error)}`)
    }
  }

  async #forget ({ name }: LogSegment, heirs: readonly LogSegment[]): Promise<void> {
    for (const heir of heirs) await this.#index.put(heir.row)
    await this.#index.remove(name)
  }

  async #openSegments (rows: readonly SegmentRow[], names: ReadonlySet<string>): Promise<void> {
    const lost: LogSegment[] = []
    for (const row of rows) {
      const segment = await LogSegment.open(row, this.#context, names)
      if (segment === undefined) lost.push(LogSegment.make(row, this.#context))
      else this.tree.add(segment)
      if (segment?.damage !== undefined) reportDamage(this.#context, this.id, segment.damage, `segment ${row.number}`)
    }
    for (let segment = lost.pop(); segment !== undefined; segment = lost.pop()) {
      this.#context.damaged(this.id, `the files of segment ${segment.number} are missing or damaged`)
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
    for (const each of [...heirs, segment]) await this.#index.put(each.row)
  }

  /** Takes in files that belong to no segment: of a crash before the index was written, or after that was damaged, or set aside. */
  async #takeInRest (names: ReadonlySet<string>): Promise<void> {
    const own = new Set(this.tree.all.flatMap(({ files }) => files))
    for (const name of [...names].sort()) {
      if (!filePattern.test(name) || own.has(name)) continue
      const path = join(this.#context.folder, name.endsWith(aside) ? name : `${name}${aside}`)
      if (!name.endsWith(aside)) await this.#context.disk.rename(join(this.#context.folder, name), path)
      await this.#takeIn(path)
    }
  }

  /** The file stays for the next time while something before it is missing, or the disk fails. */
  async #takeIn (path: string): Promise<void> {
    const { disk, meshId } = this.#context
    const items = path.endsWith(`.snap${aside}`) ? [await readSnapshotFile(disk, path)] : await this.#readRecords(path)
    const whole = items.filter((item) => item !== undefined)
    const verdicts = await this.accept(whole.map((bytes) => toArrival(bytes, meshId)))
    if (verdicts.some(({ status }) => status === 'gap' || status === 'failed')) return
    if (whole.length === items.length && verdicts.every(({ status }) => status !== 'refused')) return await disk.remove(path)
    this.#context.damaged(this.id, `${path} cannot be taken in again: ${verdicts.find(({ reason }) => reason)?.reason ?? 'it is damaged'}`)
    await disk.rename(path, path.replace(aside, '.damaged'))
  }

  async #readRecords (path: string): Promise<Uint8Array[]> {
    const { disk, durability } = this.#context
    const { file, damage } = await openRecords(disk, path, { maxRecordBytes: maxEnvelopeBytes, durability })
    if (damage !== undefined) reportDamage(this.#context, this.id, damage, path)
    const records = Array.from({ length: file.count }, (_, at) => Buffer.from(file.read(at)))
    await file.close()
    return records
  }

  #publish (): void {
    const { leaves } = this.tree
    this.#state = { feed: this.id, tips: leaves.map(({ tip: { seq, id } }) => ({ seq, id })), heads: leaves.map(({ tip: { head } }) => head) }
  }
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

function toArrival (bytes: Uint8Array, meshId: string): Arrival {
  if (isSnapshot(bytes)) return { kind: 'snapshot', snapshot: parseSnapshot(bytes, meshId), bytes }
  return { kind: 'envelope', envelope: peekEnvelope(bytes, meshId) as LogEnvelope }
}

async function hasRoom (segment: LogSegment, texts: readonly string[]): Promise<boolean> {
  const { rules } = await segment.load()
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return rules.entries + texts.length <= maxSegmentEntries && rules.textBytes + bytes <= maxSegmentTextBytes && rules.changes < maxSegmentChanges
}

/** Ids ascend along a path, also from one segment to the next. */
async function followsEntries (parent: LogSegment, texts: readonly string[]): Promise<boolean> {
  const { lastEntryId } = (await parent.load()).rules
  return lastEntryId === undefined || idOfText(texts[0] ?? '') > lastEntryId
}

function continues ({ header }: LogEnvelope, { segment, fresh }: Run): boolean {
  const last = fresh.at(-1)?.envelope
  return last !== undefined && header.segment === segment.number && header.seq === last.header.seq + 1 && sameBytes(header.prev, last.id)
}

/** Puts an envelope at the end of a run, if its segment's rules take it. */
function extend (run: Run, envelope: LogEnvelope, index: number): Run | Verdict {
  const entries = run.fresh.at(-1)?.envelope.header.entries
  const checked = checkEnvelope(envelope, run.segment, run.loaded.rules, entries)
  if ('status' in checked) return checked
  run.loaded.rules.advance(checked.change)
  run.fresh.push(checked)
  run.indexes.push(index)
  return run
}

/** Whether an envelope holds the one change that it names, and one that its segment may take next. */
function checkEnvelope (envelope: LogEnvelope, segment: LogSegment, rules: SegmentRules, entries = segment.after.entries + rules.entries): CheckedEnvelope | Verdict {
  const { header, payload } = envelope
  try {
    const change = rules.check(payload)
    if (header.heads.length !== 1 || !sameBytes(header.heads[0], change.hash)) return refused('its change is not the one its header names')
    if (!sameBytes(header.actor, change.actor)) return refused('its change is by another actor than its header names')
    if (header.entries !== entries + change.texts.length) return refused('it does not count its entries right')
    const { root } = change
    if (root !== undefined && (root.journal !== header.journal || root.segment !== header.segment || !sameBytes(root.previousHead, segment.after.head))) return refused('its segment begins as another one')
    return { envelope, change }
  } catch (error) {
    return refused(`its change is not one that a log may take: ${describeError(error)}`)
  }
}

function verdictOf (error: unknown): Verdict {
  if (isMeshError(error, 'MESH_DISK_FAILED')) return { status: 'failed', reason: describeError(error) }
  if (isMeshError(error)) return refused(describeError(error))
  return refused(`Automerge refuses the change: ${describeError(error)}`)
}

/** The change that an envelope's change goes on from. */
function depOf ({ payload }: LogEnvelope): Uint8Array | undefined {
  try {
    return readChange(payload, { maxOps: maxLogChangeOps }).deps[0]
  } catch {
    return undefined
  }
}

function refused (reason: string): Verdict {
  return { status: 'refused', reason }
}

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
