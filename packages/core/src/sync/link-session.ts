import { sameBytes } from '../bytes.ts'
import type { Clock } from '../clock.ts'
import type { Did } from '../did.ts'
import { MeshError } from '../errors.ts'
import type { Hooks } from '../hooks.ts'
import type { Feed } from '../journal/feed.ts'
import type { Journals } from '../journal/journals.ts'
import type { Digest, FeedState, Link, LinkSource, Range, Receipt } from '../transport.ts'
import { digestRoot, feedKey } from '../wire.ts'
import type { Inbox } from './inbox.ts'
import { gather, type Outgoing } from './outbox.ts'
import { seqOf, vectorOf } from './vector.ts'

const maxBatchBytes = 4 << 20

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

  constructor (options: SessionOptions) {
    this.#options = options
  }

  /** What the other end said it has; `undefined` until it said so. */
  get theirs (): ReadonlyMap<string, FeedState> | undefined {
    return this.#said ? this.#theirs : undefined
  }

  /** Feeds that are not pushed for now, by feed key. */
  get held (): ReadonlyMap<string, Hold> { return this.#held }

  get #to (): Did | string {
    const { source } = this.#options
    return source.kind === 'peer' ? source.did : source.name
  }

  /** Notes what the other end has shown to have: by an answer, or by sending it. */
  note (states: readonly FeedState[]): void {
    for (const state of states) {
      const key = feedKey(state.feed)
      if (seqOf(state) >= seqOf(this.#theirs.get(key))) this.#theirs.set(key, state)
    }
  }

  /** Notes that the other end gave this very root as its own. */
  noteRoot (root: Uint8Array): void {
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
    for (const [key, { untrusted }] of this.#held) {
      if (!untrusted || this.#theirs.has(key)) this.#held.delete(key)
    }
  }

  /** Fetches what the other end has and this node lacks and admits. Resolves to the number of envelopes that were new. */
  async pull (link: Link, signal: AbortSignal): Promise<number> {
    const want = this.#missing()
    if (want.length === 0) return 0
    let fresh = 0
    let batch: Uint8Array[] = []
    const take = async () => {
      const { verdicts } = await this.#options.inbox.receive(batch, this.#options.source)
      fresh += verdicts.filter(({ status }) => status === 'stored').length
      batch = []
    }
    for await (const bytes of link.pull(want, this.#options.batchSize * 4, signal)) {
      if (batch.push(bytes) >= this.#options.batchSize) await take()
    }
    if (batch.length > 0) await take()
    return fresh
  }

  /** Pushes one batch of what the other end lacks. Resolves to whether there may be more to push now. */
  async push (link: Link, signal: AbortSignal): Promise<boolean> {
    const batch: Outgoing[] = []
    const outgoing = gather(this.#lacking(), this.#to, this.#options.batchSize, maxBatchBytes, this.#options.hooks,
      ({ feed, veto: { reason, retryAfterMs } }) => this.#hold(feed, {
        reason: `held back here: ${reason}`, untrusted: false, ...(retryAfterMs === undefined ? {} : { retryAt: this.#options.clock.monotonic() + retryAfterMs })
      }))
    for await (const envelope of outgoing) batch.push(envelope)
    if (batch.length === 0) return false
    const before = new Map(batch.map(({ feed }) => [feed, seqOf(this.#theirs.get(feedKey(feed.id)))]))
    this.#learn(batch, await link.push(batch.map(({ bytes }) => bytes), signal))
    for (const [feed, seq] of before) {
      if (seqOf(this.#theirs.get(feedKey(feed.id))) <= seq) this.#hold(feed, { reason: 'the other end did not take it', untrusted: false })
    }
    return true
  }

  /** When the first veto asks to be tried again, on the monotonic clock. */
  get nextRetryAt (): number {
    return Math.min(...[...this.#held.values()].map(({ retryAt = Infinity }) => retryAt))
  }

  /** Lets held feeds be tried again. */
  release (): void {
    this.#held.clear()
  }

  #learn (batch: readonly Outgoing[], { verdicts, have }: Receipt): void {
    for (const state of have) this.#theirs.set(feedKey(state.feed), state)
    verdicts.forEach(({ status, reason = '' }, index) => {
      const feed = batch[index]?.feed
      if (feed === undefined || status === 'stored' || status === 'duplicate' || status === 'gap') return
      if (status === 'failed') throw new MeshError('MESH_SEND_FAILED', `The other end could not store an envelope: ${reason}`)
      this.#hold(feed, { reason: `${status} there: ${reason}`, untrusted: status === 'untrusted' })
    })
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
    for (const state of this.#theirs.values()) {
      const after = journals.feed(state.feed)?.tip?.seq ?? 0
      const wanted = state.feed.part === 'log' && admits(state.feed.origin) && shares(state.feed.journal)
      if (wanted && seqOf(state) > after) missing.push({ feed: state.feed, after, until: seqOf(state) })
    }
    return missing
  }

  * #lacking (): Generator<{ feed: Feed, range: { after: number } }> {
    for (const feed of this.#options.journals.feeds()) {
      if (!this.#options.shares(feed.id.journal)) continue
      const key = feedKey(feed.id)
      const after = seqOf(this.#theirs.get(key))
      if (!this.#isHeld(key) && (feed.tip?.seq ?? 0) > after) yield { feed, range: { after } }
    }
  }
}
