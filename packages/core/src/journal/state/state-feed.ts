import { join } from 'node:path'
import { readDeps } from '../../automerge/change.ts'
import { maxEnvelopeBytes, peekEnvelope, type StateEnvelope } from '../../envelope.ts'
import { describeError } from '../../errors.ts'
import type { RecordFile } from '../../storage/record-file.ts'
import { openRecords } from '../../storage/record-mending.ts'
import type { FeedId, FeedState, Range, Tip, Verdict } from '../../transport.ts'
import { reportDamage, type Arrival, type Feed, type FeedContext, type ServedItem } from '../feed.ts'
import { hexOf } from './hex.ts'
import { PathTree } from './path-tree.ts'
import { decodeStateRecord, encodeStateRecord, type RecordKind } from './state-record.ts'

interface Point extends Tip {
  /** Hash of the change. */
  readonly head: Uint8Array
  readonly record: number
}

/** An envelope for the file, and why it goes there. */
export interface Filed {
  readonly envelope: StateEnvelope
  readonly kind: RecordKind
}

/** Hashes, hex, of changes, and of those that they build on. */
export interface Links {
  readonly heads: Set<string>
  readonly deps: Set<string>
}

/**
 * One origin's envelopes of a journal's state, as they were signed: for good, since a state travels as nothing else. What
 * comes in goes through the journal's state, because it depends on other feeds.
 */
export class StateFeed implements Feed {
  readonly id: FeedId
  readonly detached: readonly Tip[] = []
  readonly #file: RecordFile
  readonly #context: FeedContext
  readonly #accept: Feed['accept']
  readonly #tree = new PathTree<Point>()
  readonly #twins = new Set<string>()
  #vouched = 0
  /** Ids, hex. */
  #waiting: ReadonlySet<string> = new Set()
  #links: Links = { heads: new Set(), deps: new Set() }
  #points: readonly Tip[] | undefined

  private constructor (id: FeedId, file: RecordFile, context: FeedContext, accept: Feed['accept']) {
    this.id = id
    this.#file = file
    this.#context = context
    this.#accept = accept
  }

  /**
   * Opens or makes the feed's file `<multibase part of the DID>.state` in a folder that is there. Damage is reported and
   * cut; signatures were checked on arrival and are not checked again.
   *
   * @throws MeshError `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`.
   */
  static async open (id: FeedId, folder: string, context: FeedContext, accept: Feed['accept']): Promise<StateFeed> {
    const { disk, durability } = context
    const path = join(folder, `${id.origin.slice('did:key:'.length)}.state`)
    const { file, damage } = await openRecords(disk, path, { maxRecordBytes: maxEnvelopeBytes + 1, durability })
    const feed = new StateFeed(id, file, context, accept)
    for (let record = 0; record < file.count; record++) feed.#recall(record)
    if (damage !== undefined) reportDamage(context, id, damage, path)
    return feed
  }

  /** Names, by id, hex, the envelopes that are here and not in the document, because what they build on was lost. They do not count as had. */
  holdBack (ids: ReadonlySet<string>): void { this.#waiting = ids }

  /** How the changes that were here when the feed was opened depend on others. Given once. */
  takeLinks (): Links {
    const links = this.#links
    this.#links = { heads: new Set(), deps: new Set() }
    return links
  }

  get state (): FeedState {
    const tips = this.#waiting.size === 0 ? this.#tree.tips : this.#tree.tipsBefore(({ id }) => this.#waiting.has(hexOf(id)))
    return { feed: this.id, tips: tips.map(({ seq, id }) => ({ seq, id })), heads: tips.map(({ head }) => head) }
  }

  get points (): readonly Tip[] {
    this.#points ??= this.#tree.points.map(({ seq, id }) => ({ seq, id }))
    return this.#points
  }

  /** Envelopes that are here only because somebody admitted built on them. */
  get vouched (): number { return this.#vouched }

  /** Records in the file; give it to `takeBack` to undo what was filed since. */
  get records (): number { return this.#file.count }

  knows (point: Tip): boolean { return this.#tree.knows(point) }

  isBefore (point: Tip, other: Tip): boolean { return this.#tree.leadsTo(point, other) }

  countAfter (have: readonly Tip[]): number { return this.#tree.countAfter(have) }

  pointBefore (seq: number): readonly Tip[] {
    const point = this.#tree.longest(seq)
    return point === undefined ? [] : [{ seq: point.seq, id: point.id }]
  }

  /** Whether an envelope is in the feed. */
  has (id: Uint8Array): boolean { return this.#tree.find(id) !== undefined }

  /** Envelopes that are visible. */
  get size (): number { return this.#tree.size }

  /** Proofs of twins, at most a few. */
  get twins (): number { return this.#twins.size }

  /** Whether an envelope is kept as the proof of a twin. */
  hasTwin (id: string): boolean { return this.#twins.has(id) }

  /** Envelopes alone, each after its predecessor: states have no snapshots, so neither `skip` nor the options matter. */
  async * serve (have: Range['have']): AsyncGenerator<ServedItem> {
    for (const { seq, record } of this.#tree.after(have)) yield { kind: 'envelope', seq, bytes: this.#bytesOf(record) }
  }

  accept (arrivals: readonly Arrival[]): Promise<Verdict[]> { return this.#accept(arrivals) }

  /** All envelopes of the feed, each after its predecessor. */
  * envelopes (): Generator<StateEnvelope> {
    for (const { record } of this.#tree.after([])) yield this.#read(record)
  }

  /** Writes envelopes to the file, each after its predecessor; they show only when they were `publish`ed. Throws `MESH_DISK_FAILED`. */
  file (batch: readonly Filed[]): void {
    this.#file.append(batch.map(({ envelope, kind }) => encodeStateRecord({ kind, envelope: envelope.bytes })))
  }

  /** Resolves when what was filed is durable. Rejects with `MESH_DISK_FAILED`. */
  sync (): Promise<void> { return this.#file.sync() }

  /** Forgets what was filed since there were this many records. */
  takeBack (records: number): void { this.#file.truncate(records) }

  /** Shows what was filed from this record on. Gives forks: an envelope, and the one that stood in its place already. */
  publish (record: number, batch: readonly Filed[]): { envelope: StateEnvelope, sibling: Uint8Array }[] {
    return batch.flatMap(({ envelope, kind }, index) => {
      const sibling = this.#note(envelope, kind, record + index)
      return sibling === undefined ? [] : [{ envelope, sibling }]
    })
  }

  async close (): Promise<void> {
    await this.#file.close()
  }

  #recall (record: number): void {
    try {
      const { kind } = decodeStateRecord(this.#file.read(record)) ?? {}
      if (kind === undefined) throw new RangeError('its kind is not known')
      const envelope = this.#read(record)
      this.#note(envelope, kind, record)
      if (kind !== 'twin') this.#link(envelope)
    } catch (error) {
      this.#context.damaged(this.id, `record ${record} is not an envelope of this feed: ${describeError(error)}`)
    }
  }

  #link ({ header: { heads }, payload }: StateEnvelope): void {
    for (const head of heads) this.#links.heads.add(hexOf(head))
    for (const dep of readDeps(payload)) this.#links.deps.add(hexOf(dep))
  }

  #note ({ id, header: { seq, prev, heads } }: StateEnvelope, kind: RecordKind, record: number): Uint8Array | undefined {
    if (kind === 'twin') {
      this.#twins.add(hexOf(id))
      return undefined
    }
    const sibling = this.#tree.add({ seq, id, head: Uint8Array.from(heads[0] ?? []), record }, prev)
    if (kind === 'vouched') this.#vouched++
    this.#points = undefined
    return sibling?.id
  }

  #bytesOf (record: number): Uint8Array {
    return this.#file.read(record).subarray(1)
  }

  #read (record: number): StateEnvelope {
    const envelope = peekEnvelope(this.#bytesOf(record), this.#context.meshId)
    const { header, origin } = envelope
    if (header.kind !== 'journal' || header.part !== 'state' || header.journal !== this.id.journal || origin !== this.id.origin) {
      throw new RangeError('it belongs to another feed')
    }
    return { ...envelope, header }
  }
}
