import { maxSegmentChanges, maxSegmentEntries, maxSegmentTextBytes } from '../../automerge/segment-limits.ts'
import { sealEnvelope, type LogEnvelope } from '../../envelope.ts'
import type { Identity } from '../../identity.ts'
import { DamagedSegment } from './damaged-segment.ts'
import type { CheckedEnvelope, LogSegment } from './log-segment.ts'
import type { Sealer } from './sealer.ts'
import type { SegmentStore } from './segment-store.ts'

/** Writes this node's own envelopes. Called in the feed's queue. */
export class LogWriter {
  readonly #store: SegmentStore
  readonly #sealer: Sealer
  /** Whom changes are by. An actor writes one turn in a segment: when somebody else's change stands after its last, another takes its place. */
  #actor: Uint8Array | undefined
  /** A segment in which an append failed, and may have left what could not be taken back yet. */
  #unfinished: { readonly segment: LogSegment, readonly isNew: boolean } | undefined

  constructor (store: SegmentStore, sealer: Sealer) {
    this.#store = store
    this.#sealer = sealer
  }

  /** As `LogFeed.append`. What is damaged where it would write is set aside, and it writes where there is room then. */
  async append (texts: readonly string[], identity: Identity, at: number): Promise<LogEnvelope> {
    try {
      return await this.#append(texts, identity, at)
    } catch (error) {
      if (!(error instanceof DamagedSegment)) throw error
      await this.#store.lose(error.segment, error)
      return await this.#append(texts, identity, at)
    }
  }

  async #append (texts: readonly string[], identity: Identity, at: number): Promise<LogEnvelope> {
    await this.#takeBack()
    const { pen } = this.#store
    const isNew = pen === undefined || !await hasRoom(pen, texts)
    const segment = isNew ? await this.#store.begin(pen, undefined) : pen
    try {
      const checked = await segment.use(() => this.#seal(segment, texts, identity, at))
      await segment.store([checked])
      if (isNew) await this.#store.keep(segment)
      if (isNew && segment.parent !== undefined) this.#sealer.seal(segment.parent)
      this.#store.lastOwn = segment
      this.#store.publish()
      return checked.envelope
    } catch (error) {
      segment.unload()
      this.#actor = undefined
      this.#unfinished = { segment, isNew }
      await this.#takeBack().catch(() => {})                               // before the next append it must succeed
      throw error
    }
  }

  async #seal (segment: LogSegment, texts: readonly string[], identity: Identity, at: number): Promise<CheckedEnvelope> {
    const { context, id: { journal } } = this.#store
    const { rules } = await segment.load()
    const root = rules.changes === 0 ? { journal, segment: segment.number, previousHead: segment.after.head } : undefined
    while (this.#actor === undefined || !rules.admitsActor(this.#actor)) this.#actor = context.newActor()
    const payload = rules.write(texts, this.#actor, Math.floor(at / 1000), root)
    const change = rules.check(payload)
    rules.advance(change)
    const { seq, id, entries } = segment.tip
    const header = { kind: 'journal', journal, part: 'log', segment: segment.number, seq: seq + 1, prev: seq === 0 ? undefined : id, entries: entries + texts.length, actor: this.#actor, heads: [change.hash], at } as const
    return { envelope: sealEnvelope(identity, context.meshId, header, payload), change }
  }

  /** Takes back what an append that failed has written: found again after what is written next, it may be a fork. */
  async #takeBack (): Promise<void> {
    const { segment, isNew } = this.#unfinished ?? {}
    await (isNew === true ? segment?.discard() : segment?.cutRest())
    this.#unfinished = undefined
  }
}

async function hasRoom (segment: LogSegment, texts: readonly string[]): Promise<boolean> {
  const { rules } = await segment.load()
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return rules.entries + texts.length <= maxSegmentEntries && rules.textBytes + bytes <= maxSegmentTextBytes && rules.changes < maxSegmentChanges
}
