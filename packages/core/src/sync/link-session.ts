import { sameBytes } from '../bytes.ts'
import type { CatchUp } from '../control.ts'
import type { Extend } from '../deadline.ts'
import { MeshError } from '../errors.ts'
import type { Feed } from '../journal/feed.ts'
import type { Digest, FeedState, Link } from '../transport.ts'
import { digestRoot, feedKey } from '../wire.ts'
import { Fetching, type FetchOptions } from './session/fetching.ts'
import type { Hold } from './session/holds.ts'
import { OtherEnd } from './session/other-end.ts'
import { Pushing, type PushOptions } from './session/pushing.ts'

export interface SessionOptions extends FetchOptions, PushOptions {}

/**
 * What is known of the other end of a link, and the three things to do about it: ask what it has, fetch what is missing
 * here, push what is missing there. Each call makes one request at a time.
 */
export class LinkSession {
  readonly #options: SessionOptions
  readonly #theirs: OtherEnd
  readonly #fetching: Fetching
  readonly #pushing: Pushing

  constructor (options: SessionOptions) {
    this.#options = options
    this.#theirs = new OtherEnd(options.journals, options.clock)
    this.#fetching = new Fetching(options, this.#theirs)
    this.#pushing = new Pushing(options, this.#theirs)
  }

  /** What the other end said it has; `undefined` until it said so. */
  get theirs (): ReadonlyMap<string, FeedState> | undefined {
    return this.#theirs.hasSaid ? this.#theirs.states : undefined
  }

  /** When the other end last said all that it has, in milliseconds since the Unix epoch. */
  get saidAt (): number | undefined { return this.#theirs.saidAt }

  /** How far it has come, while much is being fetched. */
  get catchUp (): CatchUp | undefined { return this.#fetching.catchUp }

  /** Whether something was left out of the last fetch because another link was fetching it. */
  get isWaiting (): boolean { return this.#fetching.isWaiting }

  /** Feeds that are not pushed for now, by feed key. */
  get held (): ReadonlyMap<string, Hold> { return this.#pushing.held }

  /** When there may be something to push that is not pushed now, on the monotonic clock. */
  get nextRetryAt (): number { return this.#pushing.nextRetryAt }

  /** Whether the other end lacks something that it lacked already when it last said what it has. */
  get owes (): boolean { return this.#pushing.owes }

  /** Whether the other end is to be asked again before it is known what it lacks. */
  get isInDoubt (): boolean { return this.#pushing.isInDoubt }

  /** Pushes in a row that brought the other end nothing new. */
  get vainPushes (): number { return this.#pushing.vainPushes }

  /** Whether there is something to push now. */
  get hasNews (): boolean { return this.#pushing.hasNews }

  /** Whether the other end may lack something of a feed. */
  mayLack (feed: Feed): boolean {
    return this.#pushing.mayLack(feed)
  }

  /** Notes what the other end has shown to have: by an answer, or by sending it. */
  note (states: readonly FeedState[]): void {
    this.#theirs.showed(states)
  }

  /** Notes that the other end asks what this node has, and has this root itself. */
  noteRoot (root: Uint8Array): void {
    this.#pushing.noteAsked()
    const mine = this.#mine()
    if (sameBytes(root, digestRoot(mine))) this.#theirs.said(mine)
  }

  /** Asks what the other end has. */
  async exchange (link: Link, signal: AbortSignal): Promise<void> {
    const mine = this.#mine()
    const { root, feeds } = await this.#ask(link, { root: digestRoot(mine) }, signal)
    if (feeds === undefined && !sameBytes(root, digestRoot(mine))) {
      throw new MeshError('MESH_SEND_FAILED', 'The other end answered a digest with another root and no feeds.')
    }
    this.#theirs.said(feeds ?? mine)
    this.#pushing.noteExchange()
  }

  /**
   * Tells the other end what it may lack instead of pushing it, and hears whether it does. Resolves to whether it lacks any
   * of that.
   */
  async tell (link: Link, signal: AbortSignal): Promise<boolean> {
    const news = this.#pushing.news()
    if (news.length === 0) return false
    const { feeds = [] } = await this.#ask(link, { root: digestRoot(this.#mine()), feeds: news.map(({ state }) => state) }, signal)
    const asked = new Set(news.map(({ id }) => feedKey(id)))
    this.#theirs.saidOf(feeds.filter(({ feed }) => asked.has(feedKey(feed))))
    const isLacking = news.some((feed) => this.mayLack(feed))
    if (isLacking) this.#pushing.noteLack()
    return isLacking
  }

  /** Fetches what the other end has and this node lacks and admits. Resolves to the number of items that were new. `extend` hears of each step. */
  async pull (link: Link, signal: AbortSignal, extend?: Extend): Promise<number> {
    return await this.#fetching.pull(link, signal, extend)
  }

  /** Pushes one batch of what the other end lacks. Resolves to whether there was anything to push. `extend` hears how long that may take. */
  async push (link: Link, signal: AbortSignal, extend?: Extend): Promise<boolean> {
    return await this.#pushing.push(link, signal, extend)
  }

  /** Lets held feeds be tried again. */
  release (): void {
    this.#pushing.release()
  }

  /** Takes what comes with the answer, of no feed. */
  async #ask (link: Link, digest: Digest, signal: AbortSignal): Promise<Digest> {
    const answer = await link.digest(digest, signal)
    const { inbox, source } = this.#options
    if (answer.items !== undefined) await inbox.receive(answer.items, source)
    return answer
  }

  #mine (): readonly FeedState[] {
    return this.#options.journals.states(this.#options.shares)
  }
}
