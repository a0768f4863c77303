import type { Clock } from '../../clock.ts'
import type { Extend } from '../../deadline.ts'
import { MeshError } from '../../errors.ts'
import type { Feed } from '../../journal/feed.ts'
import type { Journals } from '../../journal/journals.ts'
import type { Link, LinkSource, Receipt, Tip } from '../../transport.ts'
import { feedKey } from '../../wire.ts'
import { gather, type HeldFeed, type Outgoing, type Wanted } from '../outbox.ts'
import type { SendGate } from '../send-gate.ts'
import { sameTips } from '../vector.ts'
import { FetchGrace } from './fetch-grace.ts'
import { Holds, type Hold } from './holds.ts'
import { Lending } from './lending.ts'
import type { OtherEnd } from './other-end.ts'

const maxBatchBytes = 4 << 20
/** A batch may take so much longer than other requests as it takes to send it this fast. */
const slowestBytesPerMs = 64
/** Feeds that the other end is told of at a time. */
const maxNews = 64
/** When a feed is sent again that was not trusted: what was kept aside there may be lost by the time that it is. */
const distrustMs = 600_000

export interface PushOptions {
  readonly source: LinkSource
  readonly journals: Journals
  readonly gate: SendGate
  readonly batchSize: number
  /** Envelopes that may be missing before whole segments go instead. */
  readonly maxEnvelopes: number
  readonly clock: Clock
  /** Whether the other end gets this journal, and gives it. */
  readonly shares: (journal: string) => boolean
}

/** Pushes over a link what the other end lacks, and decides what is better not pushed now. */
export class Pushing {
  readonly #options: PushOptions
  readonly #theirs: OtherEnd
  readonly #holds: Holds
  readonly #grace: FetchGrace
  readonly #lending = new Lending()
  #lookedAt = -Infinity
  /** Envelopes that the other end lacked when it last said what it has, without those pushed since. */
  #owed = 0
  #vainPushes = 0

  constructor (options: PushOptions, theirs: OtherEnd) {
    this.#options = options
    this.#theirs = theirs
    this.#holds = new Holds(options.clock)
    this.#grace = new FetchGrace(options.clock)
  }

  /** Feeds that are not pushed for now, by feed key. */
  get held (): ReadonlyMap<string, Hold> { return this.#holds.all }

  /**
   * When there may be something to push that was not when this was looked at last, on the monotonic clock. What was due then
   * is not due again: whoever waited for it would wait for nothing, over and over.
   */
  get nextRetryAt (): number {
    return Math.min(this.#holds.nextRetryAfter(this.#lookedAt), this.#grace.nextEndAfter(this.#lookedAt))
  }

  /** Whether the other end lacks something that it lacked already when it last said what it has. */
  get owes (): boolean { return this.#owed > 0 }

  /** Pushes in a row that brought the other end nothing new. */
  get vainPushes (): number { return this.#vainPushes }

  /** Notes that it lacks news that does not reach it otherwise: pushes so far do not count as vain any more. */
  noteLack (): void {
    this.#vainPushes = 0
  }

  /** Whether there is something to push now. */
  get hasNews (): boolean {
    return this.#lacking().next().done !== true
  }

  /** Whether the other end may lack something of a feed. */
  mayLack (feed: Feed): boolean {
    return this.#options.shares(feed.id.journal) && !this.#theirs.has(feed)
  }

  /** Makes one request. Resolves to whether there was anything to push. */
  async push (link: Link, signal: AbortSignal, extend: Extend = () => {}): Promise<boolean> {
    const batch: Outgoing[] = []
    for await (const item of this.#gather()) {
      batch.push(item)
      extend()
    }
    this.#owed = batch.length === 0 ? 0 : this.#owed - batch.length
    if (batch.length === 0) return false
    extend(batch.reduce((sum, { bytes }) => sum + bytes.length, 0) / slowestBytesPerMs)
    const before = new Map(batch.map(({ feed }) => [feed, this.#theirs.tipsOf(feed.id)]))
    this.#learn(batch, await link.push(batch.map(({ bytes }) => bytes), signal))
    for (const [feed, tips] of before) {
      if (sameTips(this.#theirs.tipsOf(feed.id), tips)) this.#hold(feed, { reason: 'the other end did not take it', untrusted: false })
    }
    return true
  }

  /** Feeds of which the other end may lack something that it takes, some of them if they are many. */
  news (): readonly Feed[] {
    return this.#news().slice(0, maxNews)
  }

  /** Notes that the other end asked what this node has. */
  noteAsked (): void {
    this.#grace.noteAsked()
  }

  /** Whether the other end is to be asked again before it is known what it lacks. */
  get isInDoubt (): boolean { return this.#grace.isInDoubt }

  /** Notes that the other end said all that it has: it decided anew what it takes. */
  noteExchange (): void {
    this.#grace.noteCompared()
    if (this.#options.source.kind === 'peer') this.#grace.noteMet()
    this.#lending.clear()
    for (const [key, { untrusted }] of this.#holds.all) {
      const isOpen = this.#theirs.states.has(key) && !this.#theirs.isClosedTo(key)
      if (!untrusted || isOpen) this.#holds.release(key)
    }
    this.#owed = this.#news().reduce((sum, feed) => sum + feed.countAfter(this.#theirs.pointsOf(feed)), 0)
  }

  /** Lets held feeds be tried again. */
  release (): void {
    this.#holds.releaseAll()
  }

  #gather (): AsyncGenerator<Outgoing> {
    const { source, batchSize: limit, maxEnvelopes, gate } = this.#options
    const to = source.kind === 'peer' ? source.did : source.name
    return gather(this.#lacking(), to, { limit, maxBytes: maxBatchBytes, maxEnvelopes, gate, held: (held) => this.#noteVeto(held) })
  }

  #noteVeto ({ feed, veto: { reason, retryAfterMs } }: HeldFeed): void {
    const retry = retryAfterMs === undefined ? {} : { retryAt: this.#options.clock.monotonic() + retryAfterMs }
    this.#hold(feed, { reason: `held back here: ${reason}`, untrusted: false, ...retry })
  }

  #learn (batch: readonly Outgoing[], { verdicts, have }: Receipt): void {
    this.#theirs.saidOf(have)
    this.#vainPushes = verdicts.some(({ status }) => status === 'stored') ? 0 : this.#vainPushes + 1
    verdicts.forEach(({ status, reason = '' }, index) => {
      const { feed, seq = 0 } = batch[index] ?? {}
      if (feed === undefined || status === 'stored' || status === 'duplicate') return
      if (status === 'gap') return this.#lending.noteGap(feed)
      if (status === 'untrusted') this.#lending.noteUntrusted(feed, seq)
      if (status === 'failed') throw new MeshError('MESH_SEND_FAILED', `The other end could not store an envelope: ${reason}`)
      const untrusted = status === 'untrusted'
      this.#hold(feed, { reason: `${status} there: ${reason}`, untrusted, ...untrusted && { retryAt: this.#options.clock.monotonic() + distrustMs } })
    })
  }

  #hold (feed: Feed, hold: Hold): void {
    this.#holds.hold(feedKey(feed.id), hold)
  }

  * #lacking (): Generator<Wanted> {
    this.#lookedAt = this.#options.clock.monotonic()
    for (const feed of this.#options.journals.feeds()) {
      const key = feedKey(feed.id)
      if (!this.mayLack(feed)) {
        this.#grace.end(key)
        this.#holds.release(key)
        continue
      }
      const lent = this.#lentOf(feed)
      if (lent === undefined && this.#isHeldBack(key)) continue
      const tips = this.#theirs.tipsOf(feed.id)
      const have = [...this.#theirs.pointsOf(feed), ...lent ?? []]
      const count = feed.countAfter(have)
      if (count > 0 && (lent !== undefined || !this.#grace.isLeft(key, count, tips))) yield { feed, have }
    }
  }

  #news (): readonly Feed[] {
    return this.#options.journals.feeds().filter((feed) => this.mayLack(feed) && !this.#isHeldBack(feedKey(feed.id)))
  }

  #isHeldBack (key: string): boolean {
    return this.#theirs.isClosedTo(key) || this.#holds.isHeld(key)
  }

  /** What was sent already of a feed that is sent though it is not trusted there; `undefined` for one that is not sent so. */
  #lentOf (feed: Feed): readonly Tip[] | undefined {
    const key = feedKey(feed.id)
    return this.#theirs.isClosedTo(key) || this.#holds.isUntrusted(key) ? this.#lending.lentOf(feed) : undefined
  }
}
