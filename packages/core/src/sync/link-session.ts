import { sameBytes } from '../bytes.ts'
import type { CatchUp } from '../control.ts'
import { MeshError } from '../errors.ts'
import type { Feed } from '../journal/feed.ts'
import type { Digest, FeedState, Link } from '../transport.ts'
import { digestRoot } from '../wire.ts'
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
    this.#theirs = new OtherEnd(options.journals)
    this.#fetching = new Fetching(options, this.#theirs)
    this.#pushing = new Pushing(options, this.#theirs)
  }

  /** What the other end said it has; `undefined` until it said so. */
  get theirs (): ReadonlyMap<string, FeedState> | undefined {
    return this.#theirs.hasSaid ? this.#theirs.states : undefined
  }

  /** How far it has come, while much is being fetched. */
  get catchUp (): CatchUp | undefined { return this.#fetching.catchUp }

  /** Feeds that are not pushed for now, by feed key. */
  get held (): ReadonlyMap<string, Hold> { return this.#pushing.held }

  /** When there may be something to push that is not pushed now, on the monotonic clock. */
  get nextRetryAt (): number { return this.#pushing.nextRetryAt }

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
    const { root, feeds }: Digest = await link.digest({ root: digestRoot(mine) }, signal)
    if (feeds === undefined && !sameBytes(root, digestRoot(mine))) {
      throw new MeshError('MESH_SEND_FAILED', 'The other end answered a digest with another root and no feeds.')
    }
    this.#theirs.said(feeds ?? mine)
    this.#pushing.noteExchange()
  }

  /** Fetches what the other end has and this node lacks and admits. Resolves to the number of items that were new. */
  async pull (link: Link, signal: AbortSignal): Promise<number> {
    return await this.#fetching.pull(link, signal)
  }

  /** Pushes one batch of what the other end lacks. Resolves to whether there was anything to push. */
  async push (link: Link, signal: AbortSignal): Promise<boolean> {
    return await this.#pushing.push(link, signal)
  }

  /** Lets held feeds be tried again. */
  release (): void {
    this.#pushing.release()
  }

  #mine (): readonly FeedState[] {
    return this.#options.journals.states(this.#options.shares)
  }
}
