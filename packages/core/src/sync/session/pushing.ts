import type { Clock } from '../../clock.ts'
import { MeshError } from '../../errors.ts'
import type { Hooks } from '../../hooks.ts'
import type { Feed } from '../../journal/feed.ts'
import type { Journals } from '../../journal/journals.ts'
import type { Link, LinkSource, Receipt, Tip } from '../../transport.ts'
import { feedKey } from '../../wire.ts'
import { gather, type HeldFeed, type Outgoing, type Wanted } from '../outbox.ts'
import { sameTips } from '../vector.ts'
import { FetchGrace } from './fetch-grace.ts'
import { Holds, type Hold } from './holds.ts'
import { Lending } from './lending.ts'
import type { OtherEnd } from './other-end.ts'

const maxBatchBytes = 4 << 20
/** When a feed is sent again that was not trusted: what was kept aside there may be lost by the time that it is. */
const distrustMs = 600_000

export interface PushOptions {
  readonly source: LinkSource
  readonly journals: Journals
  readonly hooks: Hooks
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

  /** Whether there is something to push now. */
  get hasNews (): boolean {
    return this.#lacking().next().done !== true
  }

  /** Whether the other end may lack something of a feed. */
  mayLack (feed: Feed): boolean {
    return this.#options.shares(feed.id.journal) && !this.#theirs.has(feed)
  }

  /** Makes one request. Resolves to whether there was anything to push. */
  async push (link: Link, signal: AbortSignal): Promise<boolean> {
    const batch: Outgoing[] = []
    for await (const item of this.#gather()) batch.push(item)
    if (batch.length === 0) return false
    const before = new Map(batch.map(({ feed }) => [feed, this.#theirs.tipsOf(feed.id)]))
    this.#learn(batch, await link.push(batch.map(({ bytes }) => bytes), signal))
    for (const [feed, tips] of before) {
      if (sameTips(this.#theirs.tipsOf(feed.id), tips)) this.#hold(feed, { reason: 'the other end did not take it', untrusted: false })
    }
    return true
  }

  /** Notes that the other end asked what this node has. */
  noteAsked (): void {
    this.#grace.noteAsked()
  }

  /** Notes that the other end said all that it has: it decided anew what it takes. */
  noteExchange (): void {
    if (this.#options.source.kind === 'peer') this.#grace.noteMet()
    this.#lending.clear()
    for (const [key, { untrusted }] of this.#holds.all) {
      const isOpen = this.#theirs.states.has(key) && !this.#theirs.isClosedTo(key)
      if (!untrusted || isOpen) this.#holds.release(key)
    }
  }

  /** Lets held feeds be tried again. */
  release (): void {
    this.#holds.releaseAll()
  }

  #gather (): AsyncGenerator<Outgoing> {
    const { source, batchSize: limit, maxEnvelopes, hooks } = this.#options
    const to = source.kind === 'peer' ? source.did : source.name
    return gather(this.#lacking(), to, { limit, maxBytes: maxBatchBytes, maxEnvelopes, hooks, held: (held) => this.#noteVeto(held) })
  }

  #noteVeto ({ feed, veto: { reason, retryAfterMs } }: HeldFeed): void {
    const retry = retryAfterMs === undefined ? {} : { retryAt: this.#options.clock.monotonic() + retryAfterMs }
    this.#hold(feed, { reason: `held back here: ${reason}`, untrusted: false, ...retry })
  }

  #learn (batch: readonly Outgoing[], { verdicts, have }: Receipt): void {
    this.#theirs.saidOf(have)
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
      if (lent === undefined && (this.#theirs.isClosedTo(key) || this.#holds.isHeld(key))) continue
      const tips = this.#theirs.tipsOf(feed.id)
      const have = [...pointsOf(feed, tips), ...lent ?? []]
      const count = feed.countAfter(have)
      if (count > 0 && (lent !== undefined || !this.#grace.isLeft(key, count, tips))) yield { feed, have }
    }
  }

  /** What was sent already of a feed that is sent though it is not trusted there; `undefined` for one that is not sent so. */
  #lentOf (feed: Feed): readonly Tip[] | undefined {
    const key = feedKey(feed.id)
    return this.#theirs.isClosedTo(key) || this.#holds.isUntrusted(key) ? this.#lending.lentOf(feed) : undefined
  }
}

/** Points of a feed that somebody with these tips has: the tips that are known here, or a guess that they are of the path that is. */
function pointsOf (feed: Feed, tips: readonly Tip[]): readonly Tip[] {
  const known = tips.filter((tip) => feed.knows(tip))
  if (known.length > 0 || tips.length === 0) return known
  return feed.pointBefore(Math.max(...tips.map(({ seq }) => seq)))
}
