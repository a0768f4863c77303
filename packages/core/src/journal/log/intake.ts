import { readChange } from '../../automerge/change.ts'
import { maxLogChangeOps } from '../../automerge/segment-limits.ts'
import { sameBytes } from '../../bytes.ts'
import type { LogEnvelope } from '../../envelope.ts'
import { describeError, isMeshError } from '../../errors.ts'
import type { Verdict } from '../../transport.ts'
import type { Arrival } from '../feed.ts'
import { DamagedSegment } from './damaged-segment.ts'
import type { LogSegment } from './log-segment.ts'
import { PassedEnds } from './passed-ends.ts'
import { checkEnvelope, continues, extend, refused, type Run } from './run.ts'
import type { Sealer } from './sealer.ts'
import type { SegmentStore } from './segment-store.ts'
import { maxPaths, Sideline } from './sideline.ts'
import { SnapshotIntake } from './snapshot-intake.ts'

/** Takes in what comes of a feed: finds its place, checks it, stores it. Called in the feed's queue. */
export class Intake {
  readonly #store: SegmentStore
  readonly #sealer: Sealer
  readonly #ends = new PassedEnds(maxPaths)
  readonly #sideline: Sideline
  readonly #snapshots: SnapshotIntake

  constructor (store: SegmentStore, sealer: Sealer) {
    this.#store = store
    this.#sealer = sealer
    this.#sideline = new Sideline(store, this.#ends)
    this.#snapshots = new SnapshotIntake(store, this.#sideline, sealer, (segment, proof) => this.#passOver(segment, proof))
  }

  /** As `Feed.accept`. */
  async take (arrivals: readonly Arrival[]): Promise<Verdict[]> {
    if (this.#store.hasLost) await this.#sideline.attach()
    const verdicts = new Array<Verdict>(arrivals.length)
    let run: Run | undefined
    for (const [index, arrival] of arrivals.entries()) {
      const next = arrival.kind === 'envelope' && run !== undefined && continues(arrival.envelope as LogEnvelope, run)
      if (!next) {
        await this.#flush(run, verdicts)
        run = undefined
      }
      const outcome = arrival.kind === 'snapshot'
        ? await this.#guard(() => this.#snapshots.take(arrival.snapshot, arrival.bytes))
        : await this.#guard(() => this.#takeEnvelope(arrival.envelope as LogEnvelope, index, run))
      if ('status' in outcome) verdicts[index] = outcome
      else run = outcome
    }
    await this.#flush(run, verdicts)
    return verdicts
  }

  /** A verdict, or the run that the envelope belongs to, which is not on disk yet. */
  async #takeEnvelope (envelope: LogEnvelope, index: number, run: Run | undefined): Promise<Verdict | Run> {
    const { header } = envelope
    const { tree } = this.#store
    if (run !== undefined) return extend(run, envelope, index)
    for (const segment of tree.covering(header.segment, header.seq)) {
      if (await segment.passes(header.seq, envelope.id, header.heads[0])) return await this.#passOver(segment, envelope)
    }
    const end = header.seq === 1 ? undefined : tree.endingWith({ seq: header.seq - 1, id: header.prev })
    if (header.seq === 1) return await this.#begin(undefined, envelope)
    if (end !== undefined && header.segment === end.number && end.children.length === 0) {
      return extend({ segment: end, loaded: await end.load(), fresh: [], indexes: [] }, envelope, index)
    }
    if (end !== undefined && header.segment === end.number + 1) return await this.#begin(end, envelope)
    return await this.#takeFork(envelope)
  }

  /** What is here already. It may be the end of another path's segment, and what goes on from there may wait for it. */
  async #passOver (segment: LogSegment, proof: LogEnvelope): Promise<Verdict> {
    const { header: { seq, heads, entries } } = proof
    if (seq === segment.tip.seq) return { status: 'duplicate' }
    if (seq < segment.firstKept) this.#ends.note(proof)
    const isAwaited = this.#store.tree.detached.some(({ number, after }) => number === segment.number + 1 && after.seq === seq && after.entries === entries && sameBytes(after.head, heads[0]))
    if (!isAwaited) return { status: 'duplicate' }
    const end = await this.#sideline.cutAt(segment, proof)
    if ('status' in end) return end
    for (const child of end.children) this.#sideline.report(proof, child)
    return { status: 'stored' }
  }

  /** The first envelope of a segment. */
  async #begin (parent: LogSegment | undefined, envelope: LogEnvelope): Promise<Verdict> {
    const { header } = envelope
    if (header.segment !== (parent === undefined ? 0 : parent.number + 1)) return refused(`segment ${header.segment} does not follow ${parent === undefined ? 'the start of a feed' : `segment ${parent.number}`}`)
    const siblings = parent?.children ?? this.#store.tree.all.filter(({ number }) => number === 0)
    if (siblings.length > 0 && this.#sideline.isFull) return this.#sideline.tooMany()
    const segment = await this.#store.begin(parent, envelope.id)
    const loaded = await segment.load()
    const checked = checkEnvelope(envelope, segment, loaded.rules)
    if ('status' in checked) return checked
    loaded.rules.advance(checked.change)
    try {
      await segment.store([checked])
      await this.#store.keep(segment)
    } catch (error) {
      await segment.discard()
      throw error
    }
    if (segment.parent !== undefined) this.#sealer.seal(segment.parent)
    this.#sideline.reportFork(segment, envelope)
    this.#store.publish()
    return { status: 'stored' }
  }

  /** An envelope that goes on from the middle of what is here. */
  async #takeFork (envelope: LogEnvelope): Promise<Verdict> {
    const { header: { segment: number, seq, prev } } = envelope
    const { tree, pen } = this.#store
    const before = { seq: seq - 1, id: prev ?? new Uint8Array(0) }
    for (const segment of tree.covering(number, before.seq)) {
      if (await segment.passes(before.seq, before.id, depOf(envelope))) return await this.#sideline.fork(segment, before.seq, envelope)
    }
    for (const segment of tree.covering(number - 1, before.seq)) {
      const kept = await segment.proofAt(before.seq)
      const proof = sameBytes(kept?.id, before.id) ? kept : this.#ends.named(before.id)
      if (proof === undefined || !await segment.passes(before.seq, before.id, proof.header.heads[0])) continue
      const end = await this.#sideline.cutAt(segment, proof)
      return 'status' in end ? end : await this.#begin(end, envelope)
    }
    const next = pen?.tip.seq ?? 0
    return { status: 'gap', reason: seq > next + 1 ? `envelope ${next + 1} is missing` : `its predecessor ${seq - 1} is not here` }
  }

  async #flush (run: Run | undefined, verdicts: Verdict[]): Promise<void> {
    if (run === undefined || run.fresh.length === 0) return
    let verdict: Verdict = { status: 'stored' }
    try {
      await run.segment.store(run.fresh)
      this.#store.tree.link()
      this.#store.publish()
    } catch (error) {
      verdict = verdictOf(error)
    }
    for (const index of run.indexes) verdicts[index] = verdict
  }

  /** What goes wrong with one arrival is its verdict. */
  async #guard (take: () => Promise<Verdict | Run>): Promise<Verdict | Run> {
    try {
      return await take()
    } catch (error) {
      if (error instanceof DamagedSegment) await this.#store.lose(error.segment, error)
      return verdictOf(error)
    }
  }
}

function verdictOf (error: unknown): Verdict {
  if (isMeshError(error, 'MESH_DISK_FAILED')) return { status: 'failed', reason: describeError(error) }
  return refused(isMeshError(error) ? describeError(error) : `it is not what a log may hold: ${describeError(error)}`)
}

/** The change that an envelope's change goes on from. */
function depOf ({ payload }: LogEnvelope): Uint8Array | undefined {
  try {
    return readChange(payload, { maxOps: maxLogChangeOps }).deps[0]
  } catch {
    return undefined
  }
}
