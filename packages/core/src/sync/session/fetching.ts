import { sameBytes } from '../../bytes.ts'
import type { Clock } from '../../clock.ts'
import type { CatchUp } from '../../control.ts'
import type { Extend } from '../../deadline.ts'
import type { Did } from '../../did.ts'
import type { Journals } from '../../journal/journals.ts'
import type { FeedId, FeedState, Link, LinkSource, Range } from '../../transport.ts'
import { feedKey } from '../../wire.ts'
import { countBehind } from '../convergence.ts'
import type { Inbox } from '../inbox.ts'
import { CatchUpCount } from './catch-up-count.ts'
import { FetchClaims } from './fetch-claims.ts'
import type { OtherEnd } from './other-end.ts'
import { VainFetches } from './vain-fetches.ts'

/** Points named for a feed, and how many of them may be of what is parked. */
const maxPoints = 64
const maxParkedPoints = 16
/** What came in is stored at the latest when it has this size, while the rest is still on its way. */
const maxStepBytes = 512 << 10

export interface FetchOptions {
  readonly source: LinkSource
  readonly journals: Journals
  readonly inbox: Inbox
  /** What other links are fetching. Default: nothing. */
  readonly claims?: FetchClaims
  readonly batchSize: number
  /** Envelopes that may be missing before whole segments go instead. */
  readonly maxEnvelopes: number
  /** Whether the newest segments are fetched first. */
  readonly newestFirst: boolean
  readonly clock: Clock
  /** Whether the other end gets this journal, and gives it. */
  readonly shares: (journal: string) => boolean
  /** Whether envelopes of this origin are taken. */
  readonly admits: (origin: Did) => boolean
}

/** How many items came, were new, and were known. */
interface Came { readonly came: number, readonly fresh: number, readonly known: number }

/** Fetches over a link what the other end has and this node lacks and admits. */
export class Fetching {
  readonly #options: FetchOptions
  readonly #theirs: OtherEnd
  readonly #vain: VainFetches
  readonly #catchUp: CatchUpCount
  readonly #claims: FetchClaims
  #isWaiting = false

  constructor (options: FetchOptions, theirs: OtherEnd) {
    this.#options = options
    this.#theirs = theirs
    this.#vain = new VainFetches(options.clock)
    this.#catchUp = new CatchUpCount(options.clock, options.maxEnvelopes)
    this.#claims = options.claims ?? new FetchClaims(options.clock)
  }

  /** Whether something was left out of the last fetch because another link was fetching it. */
  get isWaiting (): boolean { return this.#isWaiting }

  /** How far it has come, while much is being fetched. */
  get catchUp (): CatchUp | undefined { return this.#catchUp.current }

  /** Makes one request. Resolves to the number of items that were new. */
  async pull (link: Link, signal: AbortSignal, extend: Extend = () => {}): Promise<number> {
    const { batchSize, newestFirst } = this.#options
    const missing = [...this.#missing()]
    const want = missing.filter(({ feed }) => !this.#claims.isTaken(feedKey(feed), this))
    this.#isWaiting = want.length < missing.length
    if (missing.length === 0) this.#catchUp.end()
    if (want.length === 0) return 0
    this.#catchUp.note(this.#behind(), { entries: 0, bytes: 0 })
    const items = link.pull(want, { limit: batchSize * 4, newestFirst: newestFirst && this.#catchUp.isFarBehind }, signal)
    const { came, fresh, known } = await this.#storeClaimed(want, items, extend)
    if (came > 0 && known === came) for (const { feed } of want) this.#vain.note(feedKey(feed), this.#theirs.tipsOf(feed))
    return fresh
  }

  async #storeClaimed (want: readonly Range[], items: AsyncIterable<Uint8Array>, extend: Extend): Promise<Came> {
    const keys = want.map(({ feed }) => feedKey(feed))
    this.#claims.claim(keys, this)
    try {
      return await this.#store(items, () => {
        this.#claims.claim(keys, this)
        extend()
      })
    } finally {
      this.#claims.release(this)
    }
  }

  /** Stores what comes in, step by step. Resolves to how many items came, were new, and were known. */
  async #store (items: AsyncIterable<Uint8Array>, extend: Extend): Promise<Came> {
    const { inbox, source, batchSize } = this.#options
    const counts = { came: 0, fresh: 0, known: 0 }
    for await (const { batch, bytes } of steps(items, batchSize, extend)) {
      const { verdicts, entries } = await inbox.receive(batch, source)
      extend()
      counts.came += verdicts.length
      counts.fresh += verdicts.filter(({ status }) => status === 'stored').length
      counts.known += verdicts.filter(({ status }) => status === 'duplicate').length
      this.#catchUp.note(this.#behind(), { entries, bytes })
    }
    return counts
  }

  * #missing (): Generator<Range> {
    const { journals } = this.#options
    for (const state of this.#theirs.states.values()) {
      const { feed: id, tips } = state
      if (!this.#isWanted(id) || this.#vain.isVain(feedKey(id), tips)) continue
      const feed = journals.feed(id)
      const parked = journals.find(id.journal)?.parkedPoints(id) ?? []
      if (tips.every((tip) => feed?.knows(tip) === true || parked.some(({ id }) => sameBytes(id, tip.id)))) continue
      yield { feed: id, have: [...parked.slice(0, maxParkedPoints), ...feed?.points ?? []].slice(0, maxPoints), skip: feed?.detached ?? [] }
    }
  }

  /** Changes of an origin that is not admitted are wanted when somebody who is may have built on them. */
  #isWanted ({ journal, part, origin }: FeedId): boolean {
    const { journals, admits, shares } = this.#options
    return shares(journal) && (admits(origin) || (part === 'state' && journals.find(journal)?.seeksVouched === true))
  }

  /** Envelopes that the other end has and this node lacks and admits. */
  #behind (): number {
    const { journals, admits, shares } = this.#options
    const isCounted = ({ feed }: FeedState) => admits(feed.origin) && shares(feed.journal)
    return [...this.#theirs.states.values()].filter(isCounted).reduce((sum, state) => sum + countBehind(state, journals.feed(state.feed)), 0)
  }
}

/** Gathers items until there are so many, or they have the size of a step. */
async function * steps (items: AsyncIterable<Uint8Array>, maxItems: number, extend: Extend): AsyncGenerator<{ batch: Uint8Array[], bytes: number }> {
  let batch: Uint8Array[] = []
  let bytes = 0
  for await (const item of items) {
    extend()
    bytes += item.length
    if (batch.push(item) < maxItems && bytes < maxStepBytes) continue
    yield { batch, bytes }
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield { batch, bytes }
}
