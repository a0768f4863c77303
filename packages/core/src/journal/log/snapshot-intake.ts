import type { ProofStep } from '../../automerge/document-proof.ts'
import { SegmentRules } from '../../automerge/segment-rules.ts'
import { sameBytes } from '../../bytes.ts'
import type { LogEnvelope } from '../../envelope.ts'
import { inflateDocument, type Snapshot } from '../../snapshot.ts'
import type { Verdict } from '../../transport.ts'
import { idOfText } from '../entry.ts'
import type { LogSegment } from './log-segment.ts'
import { refused } from './run.ts'
import type { Sealer } from './sealer.ts'
import { pointOf } from './segment-files.ts'
import type { SegmentRow } from './segment-index.ts'
import { lastEntryId, type SegmentStore } from './segment-store.ts'
import { isCut } from './segment-tree.ts'
import type { Sideline } from './sideline.ts'
import type { LoadedSegment } from './stored-segment.ts'

interface Opened {
  readonly loaded: LoadedSegment
  /** Where the segment goes on from. */
  readonly after: SegmentRow['after']
  /** Its changes. */
  readonly steps: () => readonly ProofStep[]
}

/** Takes in snapshots of a feed's segments. Called in the feed's queue. */
export class SnapshotIntake {
  readonly #store: SegmentStore
  readonly #sideline: Sideline
  readonly #sealer: Sealer
  /** What becomes of a snapshot that ends where a segment here has an envelope. */
  readonly #passOver: (segment: LogSegment, proof: LogEnvelope) => Promise<Verdict>

  constructor (store: SegmentStore, sideline: Sideline, sealer: Sealer, passOver: (segment: LogSegment, proof: LogEnvelope) => Promise<Verdict>) {
    this.#store = store
    this.#sideline = sideline
    this.#sealer = sealer
    this.#passOver = passOver
  }

  async take (snapshot: Snapshot, bytes: Uint8Array): Promise<Verdict> {
    const { proof } = snapshot
    const { segment: number, seq, heads } = proof.header
    const { tree } = this.#store
    for (const segment of tree.covering(number, seq)) {
      if (await segment.passes(seq, proof.id, heads[0])) return await this.#passOver(segment, proof)
    }
    const opened = await this.#open(snapshot)
    if ('status' in opened) return opened
    const { after, loaded } = opened
    const parent = number === 0 ? undefined : await this.#sideline.endFor(number - 1, after)
    if (parent !== undefined && 'status' in parent) return parent
    if (parent !== undefined && !await followsEntries(parent, loaded.texts)) return refused('its entries do not follow those before it')
    const verdict = await this.#put(snapshot, bytes, opened)
    if (verdict.status !== 'stored') return verdict
    tree.link()
    if (parent !== undefined) this.#sealer.seal(parent)
    this.#store.publish()
    return verdict
  }

  /** Puts it under a segment that it goes on from, or as one of its own beside those of its place. */
  async #put ({ proof }: Snapshot, bytes: Uint8Array, { after, loaded, steps }: Opened): Promise<Verdict> {
    const { tree } = this.#store
    const { segment: number } = proof.header
    const keepRow = (row: SegmentRow) => this.#store.putRow(row)
    const beside = tree.all.filter((each) => each.number === number && each.after.seq === after.seq && sameBytes(each.after.head, after.head))
    const older = beside.find((each) => each.children.length === 0 && !isCut(each) && steps().some(({ hash }) => sameBytes(hash, each.tip.head)))
    if (older !== undefined) {
      await older.adopt(bytes, pointOf(proof), loaded, keepRow)
      return { status: 'stored' }
    }
    if (beside.length > 0 && this.#sideline.isFull) return this.#sideline.tooMany()
    const segment = this.#store.make({ number, after, shared: await sharedWith(beside, steps, after) }, proof.id)
    await segment.adopt(bytes, pointOf(proof), loaded, keepRow)
    tree.add(segment)
    this.#sideline.reportFork(segment, proof)
    return { status: 'stored' }
  }

  /** Unfolds a snapshot within bounds and proves it: the hashes of its changes lead to the head that the proof signs. */
  async #open (snapshot: Snapshot): Promise<Verdict | Opened> {
    const { proof: { header } } = snapshot
    const inflated = await inflateDocument(snapshot)
    const { rules, root, head, changes, texts, proof } = SegmentRules.ofDocument(inflated)
    const after = { seq: header.seq - changes, entries: header.entries - texts.length, head: root.previousHead }
    if (root.journal !== this.#store.id.journal || root.segment !== header.segment) return refused('its document is of another journal or segment than its proof')
    if (!sameBytes(head, header.heads[0]) || header.heads.length !== 1) return refused('its document does not end where its proof says')
    const isFirst = header.segment === 0
    if (isFirst ? after.seq !== 0 || after.entries !== 0 || after.head !== undefined : after.seq <= 0 || after.entries <= 0 || after.head === undefined) return refused('its document does not have the place that its proof gives it')
    if (!proof.holds()) return refused('its entries are not those that its origin signed: somebody altered, dropped or added some')
    return { after, loaded: { rules, texts: [...texts] }, steps: () => proof.steps() }
  }
}

/** How much of a document the segments beside it hold too. */
async function sharedWith (beside: readonly LogSegment[], steps: () => readonly ProofStep[], after: SegmentRow['after']): Promise<SegmentRow['shared']> {
  let shared: SegmentRow['shared'] = { seq: after.seq, entries: 0, with: undefined }
  for (const segment of beside) {
    const hashes = await segment.hashes()
    const end = steps().findIndex(({ hash }, index) => !sameBytes(hash, hashes[index]))
    const last = steps().at(end < 0 ? -1 : end - 1)
    if (end !== 0 && last !== undefined && last.entries > shared.entries) shared = { seq: after.seq + (end < 0 ? steps().length : end), entries: last.entries, with: segment.name }
  }
  return shared
}

/** Ids ascend along a path, also from one segment to the next. */
async function followsEntries (parent: LogSegment, texts: readonly string[]): Promise<boolean> {
  const last = await lastEntryId(parent)
  return last === undefined || idOfText(texts[0] ?? '') > last
}
