import { SegmentRules } from '../../automerge/segment-rules.ts'
import { sameBytes } from '../../bytes.ts'
import type { LogEnvelope } from '../../envelope.ts'
import type { Verdict } from '../../transport.ts'
import { DamagedSegment } from './damaged-segment.ts'
import type { LogSegment } from './log-segment.ts'
import type { PassedEnds } from './passed-ends.ts'
import { checkEnvelope, refused } from './run.ts'
import { packSnapshot } from './sealer.ts'
import { pointOf } from './segment-files.ts'
import type { SegmentRow } from './segment-index.ts'
import { hex, lastEntryId, type SegmentStore } from './segment-store.ts'
import type { LoadedSegment } from './stored-segment.ts'

/** Paths of one feed that are taken; an origin with more writes forks faster than any accident makes them. */
export const maxPaths = 16

/** Puts segments beside others where a feed forks, and says so. Called in the feed's queue. */
export class Sideline {
  readonly #store: SegmentStore
  readonly #ends: PassedEnds

  constructor (store: SegmentStore, ends: PassedEnds) {
    this.#store = store
    this.#ends = ends
  }

  /** Whether no more paths are taken. */
  get isFull (): boolean {
    return this.#store.tree.leaves.length >= maxPaths
  }

  tooMany (): Verdict {
    return refused(`its feed has forked into ${maxPaths} paths already: ${this.#store.id.origin} is quarantined. Find out who else writes with its key`)
  }

  /** A second path: what both share, and the envelope that goes on from there, as a segment beside the one that is here. */
  async fork (elder: LogSegment, seq: number, envelope: LogEnvelope): Promise<Verdict> {
    if (this.isFull) return this.tooMany()
    const { rules, texts } = await this.#prefixOf(elder, seq)
    const checked = checkEnvelope(envelope, elder, rules)
    if ('status' in checked) return checked
    rules.advance(checked.change)
    const segment = await this.#addBeside(elder, envelope, { seq, entries: texts.length, with: elder.name }, { rules, texts: [...texts, ...checked.change.texts] })
    this.reportFork(segment, envelope)
    return { status: 'stored' }
  }

  /** A segment of its own for the part of another that ends earlier, so that another path can go on from there. */
  async cutAt (elder: LogSegment, proof: LogEnvelope): Promise<LogSegment | Verdict> {
    if (this.isFull) return this.tooMany()
    const { seq } = proof.header
    const prefix = await this.#prefixOf(elder, seq)
    return await this.#addBeside(elder, proof, { seq, entries: prefix.texts.length, with: elder.name }, prefix)
  }

  /** The segment that a snapshot goes on from: none yet, or one cut for it. */
  async endFor (number: number, after: SegmentRow['after']): Promise<LogSegment | Verdict | undefined> {
    const { tree } = this.#store
    const end = tree.endAt(number, after.seq, after.head)
    if (end !== undefined) return end.tip.entries === after.entries ? end : refused('it does not count the entries before it right')
    for (const segment of tree.covering(number, after.seq)) {
      const proof = this.#ends.find(after.seq, after.head) ?? await segment.proofAt(after.seq)
      if (proof?.header.entries !== after.entries || !sameBytes(proof.header.heads[0], after.head)) continue
      if (await segment.passes(after.seq, proof.id, after.head)) return await this.cutAt(segment, proof)
    }
  }

  /** Hangs segments that hang in the air where they belong, if another holds that place too. */
  async attach (): Promise<void> {
    const store = this.#store
    store.hasLost = false
    for (const { number, after } of store.tree.detached) {
      try {
        await this.endFor(number - 1, after)
      } catch (error) {
        if (error instanceof DamagedSegment) await store.lose(error.segment, error)
        store.hasLost = true                                               // tried again with what comes in next
      }
    }
    store.tree.link()
    store.publish()
  }

  /** Reports a segment that has come, if the feed goes on otherwise too where it leaves what was here. */
  reportFork (segment: LogSegment, envelope: LogEnvelope): void {
    const { number, after, parent } = segment
    const { tree } = this.#store
    const other = tree.all.find((each) => each !== segment && each.number === number && each.after.seq === after.seq && sameBytes(each.after.head, after.head)) ?? tree.elderOf(parent)
    if (other !== undefined) this.report(envelope, other)
  }

  /** Reports that an envelope goes on otherwise than another segment. */
  report ({ id, bytes, header: { seq } }: LogEnvelope, other: LogSegment): void {
    const rival = other.covers(seq) ? other : other.children[0] ?? other
    const kept = rival.bytesAt(seq)
    this.#store.context.forked({ feed: this.#store.id, seq, ids: [hex(rival.idAt(seq) ?? rival.tip.id), hex(id)], proof: kept === undefined ? [bytes] : [kept, bytes] })
  }

  async #addBeside (elder: LogSegment, proof: LogEnvelope, shared: SegmentRow['shared'], loaded: LoadedSegment): Promise<LogSegment> {
    const store = this.#store
    const { number, after } = elder
    const segment = store.make({ number, after, shared }, proof.id)
    await segment.adopt(await packSnapshot(proof, loaded.rules.document(loaded.texts)), pointOf(proof), loaded, (row) => store.putRow(row))
    store.tree.add(segment)
    store.publish()
    return segment
  }

  /** A segment up to one of its envelopes. */
  async #prefixOf (segment: LogSegment, seq: number): Promise<LoadedSegment> {
    const rules = new SegmentRules(await lastEntryId(segment.parent))
    const texts: string[] = []
    for (const bytes of await segment.changesUpTo(seq)) {
      const change = rules.check(bytes)
      rules.advance(change)
      texts.push(...change.texts)
    }
    return { rules, texts }
  }
}
