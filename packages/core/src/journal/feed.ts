import type { EntryView } from '../control.ts'
import { sameBytes } from '../bytes.ts'
import { peekEnvelope, sealEnvelope, type JournalEnvelope } from '../envelope.ts'
import { describeError, MeshError } from '../errors.ts'
import type { Identity } from '../identity.ts'
import { SerialQueue } from '../serial-queue.ts'
import type { FeedId, FeedState, Tip, Verdict } from '../transport.ts'
import { readEntry } from './entry.ts'
import { checkNext, type Position } from './feed-rules.ts'
import { FeedFile, type Damage } from './feed-file.ts'
import { LogDocuments } from './log-documents.ts'

/** What a feed needs from its node. */
export interface FeedContext {
  readonly meshId: string
  /** A fresh random actor, 16 bytes. */
  readonly newActor: () => Uint8Array
}

/** An entry and where it stands in its feed, from 0. */
export interface PlacedEntry {
  readonly place: number
  readonly entry: EntryView
}

const pageEntries = 256

/**
 * One origin's envelopes of one journal's log: stored in a file, added up in a chain of segment documents. Only what is
 * on disk is visible: in `tip`, in `serve` and in `entries`.
 */
export class Feed {
  readonly id: FeedId
  /** What was wrong with the file when it was opened. */
  readonly damage: Damage | undefined
  readonly #context: FeedContext
  readonly #file: FeedFile
  readonly #queue = new SerialQueue()
  readonly #documents: LogDocuments
  readonly #ids: Uint8Array[] = []
  #heads: readonly Uint8Array[] = []
  #entries = 0

  private constructor (id: FeedId, context: FeedContext, file: FeedFile, damage: Damage | undefined) {
    this.id = id
    this.#context = context
    this.#file = file
    this.#documents = new LogDocuments(id.journal, context.newActor)
    this.damage = damage
  }

  /** Opens the feed's file, making it if need be, and rebuilds its documents. Throws `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`. */
  static async open (id: FeedId, path: string, context: FeedContext): Promise<Feed> {
    const { file, damage } = await FeedFile.open(path)
    const feed = new Feed(id, context, file, damage)
    try {
      feed.#replay()
    } catch (cause) {
      await file.close()
      throw new MeshError('MESH_DISK_FAILED', `${path} cannot be used: ${describeError(cause)}. Move it away; peers will send the feed again.`, { cause })
    }
    feed.#publish()
    return feed
  }

  get tip (): Tip | undefined {
    const id = this.#ids.at(-1)
    return id === undefined ? undefined : { seq: this.#ids.length, id }
  }

  get state (): FeedState {
    const { tip } = this
    return { feed: this.id, tips: tip === undefined ? [] : [tip], heads: this.#heads }
  }

  /** Entries that are durable. */
  get count (): number { return this.#entries }

  /** The id of the envelope with this number. */
  idOf (seq: number): Uint8Array | undefined { return this.#ids[seq - 1] }

  /** The envelopes after one number, as they were signed. */
  * serve (after: number, until = Infinity): Generator<{ seq: number, bytes: Uint8Array }> {
    for (let seq = after + 1; seq <= Math.min(until, this.#ids.length); seq++) {
      yield { seq, bytes: this.#file.read(seq - 1) }
    }
  }

  /** Entries `from` to before `to` in feed order, or backwards from the end, with their places. Malformed ones are left out. */
  * entries (from: number, to = this.#entries, reverse = false): Generator<PlacedEntry> {
    const first = Math.max(0, from)
    const last = Math.min(to, this.#entries)
    for (let done = 0; done < last - first; done += pageEntries) {
      const start = reverse ? Math.max(first, last - done - pageEntries) : first + done
      const end = reverse ? last - done : Math.min(last, start + pageEntries)
      const page = this.#documents.read(start, end).map((text, index) => ({ place: start + index, entry: readEntry(text, this.id.origin) }))
      for (const { place, entry } of reverse ? page.reverse() : page) {
        if (entry !== undefined) yield { place, entry }
      }
    }
  }

  /**
   * Takes envelopes whose signatures were checked, in order. Resolves once those it calls stored are on disk. A disk that
   * fails gives the verdict `failed`, and nothing of the batch is kept.
   */
  accept (envelopes: readonly JournalEnvelope[]): Promise<Verdict[]> {
    return this.#queue.run(async () => {
      const fresh: JournalEnvelope[] = []
      const verdicts = envelopes.map((envelope) => this.#judge(envelope, fresh))
      if (fresh.length === 0) return verdicts
      const kept = (await this.#keep(fresh)).values()
      return verdicts.map((verdict) => verdict.status === 'stored' ? kept.next().value ?? verdict : verdict)
    })
  }

  /**
   * Writes texts as this node's next envelope, when the feed is its own; those that do not fit into the open segment
   * begin a new one. Resolves to the sealed envelope once it is on disk; rejects with `MESH_DISK_FAILED` and keeps nothing.
   */
  append (texts: readonly string[], identity: Identity, at: number): Promise<JournalEnvelope> {
    return this.#queue.run(async () => {
      const stored = this.#file.count
      try {
        const envelope = this.#seal(texts, identity, at)
        this.#file.append([envelope.bytes])
        await this.#file.sync()
        this.#ids.push(envelope.id)
        this.#publish()
        return envelope
      } catch (error) {
        this.#rollBack(stored)
        throw error
      }
    })
  }

  /** How many more entries fit into the open segment. */
  get room (): number {
    return this.#documents.room
  }

  /** Resolves when pending writes are done and the file is closed. */
  close (): Promise<void> {
    return this.#queue.run(async () => {
      await this.#file.close()
      this.#documents.reset()
    })
  }

  #judge (envelope: JournalEnvelope, fresh: JournalEnvelope[]): Verdict {
    const { seq } = envelope.header
    const known = this.#ids[seq - 1] ?? fresh[seq - 1 - this.#ids.length]?.id
    if (known !== undefined) {
      return sameBytes(known, envelope.id) ? { status: 'duplicate' } : { status: 'fork', reason: `this feed has another envelope ${seq}` }
    }
    const verdict = checkNext(envelope, this.#position(fresh))
    if (verdict.status === 'stored') fresh.push(envelope)
    return verdict
  }

  #position (fresh: readonly JournalEnvelope[]): Position {
    const last = fresh.at(-1)
    if (last !== undefined) return { seq: last.header.seq, id: last.id, segment: last.header.segment, head: last.header.heads[0] }
    const { tip } = this
    return { seq: tip?.seq ?? 0, id: tip?.id, segment: this.#documents.openSegment, head: this.#documents.heads[0] }
  }

  async #keep (fresh: readonly JournalEnvelope[]): Promise<Verdict[]> {
    const stored = this.#file.count
    try {
      this.#documents.apply(fresh)
    } catch (error) {
      this.#rollBack(stored)
      if (fresh.length > 1) return await this.#keepEach(fresh)
      return [{ status: 'refused', reason: `Automerge refuses the change: ${describeError(error)}` }]
    }
    try {
      this.#file.append(fresh.map(({ bytes }) => bytes))
      await this.#file.sync()
    } catch (error) {
      this.#rollBack(stored)
      return fresh.map(() => ({ status: 'failed', reason: describeError(error) }))
    }
    this.#ids.push(...fresh.map(({ id }) => id))
    this.#publish()
    return fresh.map(() => ({ status: 'stored' }))
  }

  /** Keeps what stands before a bad change. */
  async #keepEach (fresh: readonly JournalEnvelope[]): Promise<Verdict[]> {
    const verdicts: Verdict[] = []
    for (const envelope of fresh) {
      const isNext = verdicts.every(({ status }) => status === 'stored')
      verdicts.push(...isNext ? await this.#keep([envelope]) : [{ status: 'gap', reason: 'an envelope before it was not stored' } as const])
    }
    return verdicts
  }

  #seal (texts: readonly string[], identity: Identity, at: number): JournalEnvelope {
    const { segment, change, head } = this.#documents.append(texts, Math.floor(at / 1000))
    const { tip, id: { journal, part } } = this
    const place = { segment: segment.number, seq: (tip?.seq ?? 0) + 1, prev: tip?.id }
    return sealEnvelope(identity, this.#context.meshId, { kind: 'journal', journal, part, ...place, actor: segment.actor, heads: [head], at }, change)
  }

  #publish (): void {
    this.#heads = this.#documents.heads
    this.#entries = this.#documents.count
  }

  /** Forgets what was not stored: the documents are built again from what the file held. */
  #rollBack (stored: number): void {
    this.#file.truncate(stored)
    this.#replay()
    this.#publish()
  }

  #replay (): void {
    this.#documents.reset()
    this.#ids.length = 0
    const envelopes: JournalEnvelope[] = []
    for (let index = 0; index < this.#file.count; index++) {
      const envelope = peekEnvelope(this.#file.read(index), this.#context.meshId) as JournalEnvelope
      envelopes.push(envelope)
      this.#ids.push(envelope.id)
    }
    this.#documents.apply(envelopes)
  }
}
