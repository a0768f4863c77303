import { sameBytes } from '../bytes.ts'
import type { Clock } from '../clock.ts'
import type { CatchUp } from '../control.ts'
import type { Did } from '../did.ts'
import { MeshError } from '../errors.ts'
import type { Hooks } from '../hooks.ts'
import type { Feed } from '../journal/feed.ts'
import type { Journals } from '../journal/journals.ts'
import type { Digest, FeedId, FeedState, Link, LinkSource, Range, Receipt, Tip } from '../transport.ts'
import { digestRoot, feedKey } from '../wire.ts'
import { countBehind } from './convergence.ts'
import type { Inbox } from './inbox.ts'
import { gather, type Outgoing, type Wanted } from './outbox.ts'
import { vectorOf } from './vector.ts'

const maxBatchBytes = 4 << 20
/** How many envelopes a feed may lack before its fetching is left to the other end, if that is one that fetches. */
const pushedAlways = 64
const pushedAtFirst = 8
/** Points named for a feed, and how many of them may be of what is parked. */
const maxPoints = 64
const maxParkedPoints = 16
/** How long it is left to it, and how long ago it may have asked last. */
const fetchGraceMs = 2_000
const fetcherMs = 30_000
/** When a feed is sent again that was not trusted: what was kept aside there may be lost by the time that it is. */
const distrustMs = 600_000
/** How long a feed is not fetched again that was fetched in vain: all of it was here, under snapshots that do not name each envelope. */
const vainMs = { first: 10_000, most: 600_000 }

/** What came in is stored at the latest when it has this size, while the rest is still on its way. */
const maxStepBytes = 512 << 10

/** Why a feed is not pushed: vetoed here, or not taken there. */
export interface Hold {
  readonly reason: string
  /** When to try again, on the monotonic clock, if a veto asks for it. */
  readonly retryAt?: number
  /** The other end does not trust the origin: it will fetch the feed itself once it does. */
  readonly untrusted: boolean
}

export interface SessionOptions {
  readonly source: LinkSource
  readonly journals: Journals
  readonly inbox: Inbox
  readonly hooks: Hooks
  readonly batchSize: number
  /** Envelopes that the other end may lack before whole segments are pushed instead. */
  readonly maxEnvelopes: number
  /** Whether the newest segments are fetched first. */
  readonly newestFirst: boolean
  readonly clock: Clock
  /** Whether the other end gets this journal, and gives it. */
  readonly shares: (journal: string) => boolean
  /** Whether envelopes of this origin are taken. */
  readonly admits: (origin: Did) => boolean
}

/**
 * What is known of the other end of a link, and the three things to do about it: ask what it has, fetch what is missing
 * here, push what is missing there. Each call makes one request at a time.
 */
export class LinkSession {
  readonly #options: SessionOptions
  #theirs = new Map<string, FeedState>()
  #said = false
  readonly #held = new Map<string, Hold>()
  /** Feeds whose fetching is left to the other end: since when, and what it had then. */
  readonly #left = new Map<string, { readonly since: number, readonly tips: readonly Tip[] }>()
  /** Journals whose state misses something at the other end, since the last exchange. */
  readonly #seeking = new Set<string>()
  /** Up to which number feeds were sent whose origins are not trusted there, since the last exchange. */
  readonly #lent = new Map<string, number>()
  /** Feeds that were fetched in vain: what the other end had then, and when to try again, on the monotonic clock. */
  readonly #vain = new Map<string, { readonly tips: readonly Tip[], readonly waitMs: number, readonly until: number }>()
  #askedAt: number | undefined
  #catchUp: CatchUp | undefined

  constructor (options: SessionOptions) {
    this.#options = options
  }

  /** What the other end said it has; `undefined` until it said so. */
  get theirs (): ReadonlyMap<string, FeedState> | undefined {
    return this.#said ? this.#theirs : undefined
  }

  /** How far it has come, while much is being fetched. */
  get catchUp (): CatchUp | undefined { return this.#catchUp }

  /** Feeds that are not pushed for now, by feed key. */
  get held (): ReadonlyMap<string, Hold> { return this.#held }

  get #to (): Did | string {
    const { source } = this.#options
    return source.kind === 'peer' ? source.did : source.name
  }

  /** Notes what the other end has shown to have: by an answer, or by sending it. */
  note (states: readonly FeedState[]): void {
    for (const shown of states) {
      const key = feedKey(shown.feed)
      const before = this.#theirs.get(key)
      const tips = this.#ends(shown.feed, [...before?.tips ?? [], ...shown.tips])
      if (before !== undefined && sameTips(tips, before.tips)) continue
      this.#theirs.set(key, { ...before ?? shown, tips, heads: sameTips(tips, shown.tips) ? shown.heads : [] })
    }
  }

  /** Notes that the other end asks what this node has, and has this root itself. */
  noteRoot (root: Uint8Array): void {
    this.#askedAt = this.#options.clock.monotonic()
    const mine = this.#mine()
    if (!sameBytes(root, digestRoot(mine))) return
    this.#theirs = vectorOf(mine)
    this.#said = true
  }

  /** Asks what the other end has. */
  async exchange (link: Link, signal: AbortSignal): Promise<void> {
    const mine = this.#mine()
    const { root, feeds }: Digest = await link.digest({ root: digestRoot(mine) }, signal)
    if (feeds === undefined && !sameBytes(root, digestRoot(mine))) {
      throw new MeshError('MESH_SEND_FAILED', 'The other end answered a digest with another root and no feeds.')
    }
    this.#theirs = vectorOf(feeds ?? mine)
    this.#said = true
    this.#seeking.clear()
    this.#lent.clear()
    for (const [key, { untrusted }] of this.#held) {
      const theirs = this.#theirs.get(key)
      if (!untrusted || (theirs !== undefined && theirs.closed !== true)) this.#held.delete(key)
    }
  }

  /** Fetches what the other end has and this node lacks and admits. Resolves to the number of items that were new. */
  async pull (link: Link, signal: AbortSignal): Promise<number> {
    const { inbox, source, batchSize, newestFirst } = this.#options
    const want = this.#missing()
    if (want.length === 0) {
      this.#catchUp = undefined
      return 0
    }
    let fresh = 0
    let came = 0
    let known = 0
    let batch: Uint8Array[] = []
    let size = 0
    const take = async () => {
      const { verdicts, entries } = await inbox.receive(batch, source)
      fresh += verdicts.filter(({ status }) => status === 'stored').length
      known += verdicts.filter(({ status }) => status === 'duplicate').length
      came += verdicts.length
      this.#progress(entries, size)
      batch = []
      size = 0
    }
    this.#progress(0, 0)
    for await (const bytes of link.pull(want, { limit: batchSize * 4, newestFirst: newestFirst && this.#isFarBehind() }, signal)) {
      size += bytes.length
      if (batch.push(bytes) >= batchSize || size >= maxStepBytes) await take()
    }
    if (batch.length > 0) await take()
    if (came > 0 && known === came) this.#noteVain(want)
    return fresh
  }

  /** Whether there is something to push now. */
  get hasNews (): boolean {
    return this.#lacking().next().done !== true
  }

  /** Whether the other end may lack something of a feed. */
  mayLack (feed: Feed): boolean {
    return this.#options.shares(feed.id.journal) && !hasTips(this.#theirs.get(feedKey(feed.id)), feed.state)
  }

  /** Pushes one batch of what the other end lacks. Resolves to whether there was anything to push. */
  async push (link: Link, signal: AbortSignal): Promise<boolean> {
    const { batchSize, maxEnvelopes, hooks, clock } = this.#options
    const batch: Outgoing[] = []
    const outgoing = gather(this.#lacking(), this.#to, {
      limit: batchSize,
      maxBytes: maxBatchBytes,
      maxEnvelopes,
      hooks,
      held: ({ feed, veto: { reason, retryAfterMs } }) => this.#hold(feed, {
        reason: `held back here: ${reason}`, untrusted: false, ...(retryAfterMs === undefined ? {} : { retryAt: clock.monotonic() + retryAfterMs })
      })
    })
    for await (const item of outgoing) batch.push(item)
    if (batch.length === 0) return false
    const before = new Map(batch.map(({ feed }) => [feed, this.#theirs.get(feedKey(feed.id))?.tips ?? []]))
    this.#learn(batch, await link.push(batch.map(({ bytes }) => bytes), signal))
    for (const [feed, tips] of before) {
      if (sameTips(this.#theirs.get(feedKey(feed.id))?.tips ?? [], tips)) this.#hold(feed, { reason: 'the other end did not take it', untrusted: false })
    }
    return true
  }

  /** When the first veto asks to be tried again, on the monotonic clock. */
  get nextRetryAt (): number {
    return Math.min(...[...this.#held.values()].map(({ retryAt = Infinity }) => retryAt), ...[...this.#left.values()].map(({ since }) => since + fetchGraceMs))
  }

  /** Lets held feeds be tried again. */
  release (): void {
    this.#held.clear()
  }

  /** The points that lead to none of the others, as far as that is known here. */
  #ends (id: FeedId, points: readonly Tip[]): Tip[] {
    const feed = this.#options.journals.feed(id)
    const each = points.filter((point, index) => points.findIndex((other) => sameBytes(point.id, other.id)) === index)
    return each.filter((point) => !each.some((other) => other !== point && feed?.isBefore(point, other) === true))
  }

  #learn (batch: readonly Outgoing[], { verdicts, have }: Receipt): void {
    for (const state of have) this.#theirs.set(feedKey(state.feed), state)
    verdicts.forEach(({ status, reason = '' }, index) => {
      const { feed, seq = 0 } = batch[index] ?? {}
      if (feed === undefined || status === 'stored' || status === 'duplicate') return
      if (status === 'gap') return this.#seekFor(feed)
      if (status === 'untrusted') this.#noteLent(feedKey(feed.id), seq)
      if (status === 'failed') throw new MeshError('MESH_SEND_FAILED', `The other end could not store an envelope: ${reason}`)
      const untrusted = status === 'untrusted'
      this.#hold(feed, { reason: `${status} there: ${reason}`, untrusted, ...untrusted && { retryAt: this.#options.clock.monotonic() + distrustMs } })
    })
  }

  /** The other end may miss what an origin wrote that it does not trust: it keeps that if somebody whom it trusts has built on it. */
  #seekFor ({ id: { journal, part } }: Feed): void {
    if (part === 'state') this.#seeking.add(journal)
  }

  #noteLent (key: string, seq: number): void {
    this.#lent.set(key, seq > (this.#lent.get(key) ?? 0) ? seq : Infinity)
  }

  #hold (feed: Feed, hold: Hold): void {
    const key = feedKey(feed.id)
    if (!this.#held.has(key)) this.#held.set(key, hold)
  }

  #isHeld (key: string): boolean {
    const { retryAt = Infinity } = this.#held.get(key) ?? { retryAt: 0 }
    if (retryAt > this.#options.clock.monotonic()) return true
    this.#held.delete(key)
    return false
  }

  #mine (): readonly FeedState[] {
    return this.#options.journals.states(this.#options.shares)
  }

  #missing (): Range[] {
    const { journals, admits, shares } = this.#options
    const missing: Range[] = []
    for (const { feed: id, tips } of this.#theirs.values()) {
      if (!shares(id.journal) || !(admits(id.origin) || this.#isOfUse(id))) continue
      const feed = journals.feed(id)
      if (this.#isVain(feedKey(id), tips)) continue
      const parked = admits(id.origin) ? [] : journals.find(id.journal)?.parkedPoints(id) ?? []
      if (tips.every((tip) => feed?.knows(tip) === true || parked.some(({ id }) => sameBytes(id, tip.id)))) continue
      missing.push({ feed: id, have: [...parked.slice(0, maxParkedPoints), ...feed?.points ?? []].slice(0, maxPoints), skip: feed?.detached ?? [] })
    }
    return missing
  }

  #noteVain (want: readonly Range[]): void {
    for (const { feed } of want) {
      const key = feedKey(feed)
      const waitMs = Math.min(vainMs.most, (this.#vain.get(key)?.waitMs ?? vainMs.first / 2) * 2)
      this.#vain.set(key, { tips: this.#theirs.get(key)?.tips ?? [], waitMs, until: this.#options.clock.monotonic() + waitMs })
    }
  }

  #isVain (key: string, tips: readonly Tip[]): boolean {
    const vain = this.#vain.get(key)
    if (vain === undefined) return false
    if (!sameTips(vain.tips, tips)) this.#vain.delete(key)
    return sameTips(vain.tips, tips) && this.#options.clock.monotonic() < vain.until
  }

  /** Whether changes of an origin that is not admitted are wanted: somebody who is may have built on them. */
  #isOfUse ({ journal, part }: FeedId): boolean {
    return part === 'state' && this.#options.journals.find(journal)?.seeksVouched === true
  }

  * #lacking (): Generator<Wanted> {
    for (const feed of this.#options.journals.feeds()) {
      const key = feedKey(feed.id)
      if (!this.mayLack(feed)) {
        this.#left.delete(key)
        this.#held.delete(key)
        continue
      }
      const theirs = this.#theirs.get(key)
      const lent = this.#lentOf(feed)
      if (lent === undefined && (theirs?.closed === true || this.#isHeld(key))) continue
      const have = [...pointsOf(feed, theirs?.tips ?? []), ...lent ?? []]
      const count = feed.countAfter(have)
      if (count > 0 && (lent !== undefined || !this.#isLeft(key, count, theirs?.tips ?? []))) yield { feed, have }
    }
  }

  /** What was sent already of a feed that is sent though it is not trusted there; `undefined` for one that is not sent so. */
  #lentOf (feed: Feed): readonly Tip[] | undefined {
    const { id } = feed
    const key = feedKey(id)
    const seq = this.#lent.get(key) ?? 0
    const isClosed = this.#theirs.get(key)?.closed === true || this.#held.get(key)?.untrusted === true
    return isClosed && seq < Infinity && id.part === 'state' && this.#seeking.has(id.journal) ? feed.pointBefore(seq) : undefined
  }

  /** Whether the other end is given time to fetch a feed itself, so that not both move the same. */
  #isLeft (key: string, count: number, tips: readonly Tip[]): boolean {
    const now = this.#options.clock.monotonic()
    const fetches = this.#askedAt !== undefined && now - this.#askedAt < fetcherMs
    if (!fetches || count <= (tips.length === 0 ? pushedAtFirst : pushedAlways)) {
      this.#left.delete(key)
      return false
    }
    const left = this.#left.get(key)
    if (left === undefined || !sameTips(left.tips, tips)) {
      this.#left.set(key, { since: now, tips })
      return true
    }
    return now - left.since < fetchGraceMs
  }

  #isFarBehind (): boolean {
    return (this.#catchUp?.behind ?? 0) > this.#options.maxEnvelopes
  }

  /** Counts what came in, from when much was missing until nothing is. */
  #progress (entries: number, bytes: number): void {
    const { clock, maxEnvelopes } = this.#options
    const behind = this.#behind()
    if (this.#catchUp === undefined && behind <= maxEnvelopes) return
    const began = this.#catchUp ?? { from: behind, entries: 0, bytes: 0, startedAt: new Date(clock.now()).toISOString() }
    this.#catchUp = { ...began, behind, entries: began.entries + entries, bytes: began.bytes + bytes }
  }

  /** Envelopes that the other end has and this node lacks and admits. */
  #behind (): number {
    const { journals, admits, shares } = this.#options
    return [...this.#theirs.values()].filter(({ feed }) => admits(feed.origin) && shares(feed.journal))
      .reduce((sum, state) => sum + countBehind(state, journals.feed(state.feed)), 0)
  }
}

/** Points of a feed that somebody with these tips has: the tips that are known here, or a guess that they are of the path that is. */
function pointsOf (feed: Feed, tips: readonly Tip[]): readonly Tip[] {
  const known = tips.filter((tip) => feed.knows(tip))
  if (known.length > 0 || tips.length === 0) return known
  return feed.pointBefore(Math.max(...tips.map(({ seq }) => seq)))
}

/** Whether who is in this state has all tips of another. */
function hasTips (theirs: FeedState | undefined, { tips }: FeedState): boolean {
  return tips.every(({ id }) => theirs?.tips.some((other) => sameBytes(id, other.id)) === true)
}

function sameTips (a: readonly Tip[], b: readonly Tip[]): boolean {
  return a.length === b.length && a.every(({ id }) => b.some((other) => sameBytes(id, other.id)))
}
