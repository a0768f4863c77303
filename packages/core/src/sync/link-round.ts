import type { Clock } from '../clock.ts'
import { withDeadline, type Extend } from '../deadline.ts'
import type { Link } from '../transport.ts'
import type { Greeting } from './greeting.ts'
import type { LinkAgenda } from './link-agenda.ts'
import type { LinkHealth } from './link-health.ts'
import type { LinkSession } from './link-session.ts'

/** After so many pushes in a row of what the other end had already, news reaches it by other ways too. */
const mostVainPushes = 16

export interface RoundOptions {
  readonly connect: (signal: AbortSignal) => Promise<Link>
  /** What else is sent over the link besides envelopes. */
  readonly greeting?: Pick<Greeting, 'isDue' | 'send'>
  /** How long the other end may be silent when it is asked something; longer after failures. */
  readonly answerMs: number
  readonly clock: Clock
}

/** The requests over one link, one at a time, and its connection. */
export class LinkRound {
  readonly #options: RoundOptions
  readonly #session: LinkSession
  readonly #agenda: LinkAgenda
  readonly #health: LinkHealth
  #link: Link | undefined

  constructor (options: RoundOptions, session: LinkSession, agenda: LinkAgenda, health: LinkHealth) {
    this.#options = options
    this.#session = session
    this.#agenda = agenda
    this.#health = health
  }

  /** The connection, if there is one. */
  get link (): Link | undefined { return this.#link }

  /**
   * One pass: connect, greet, what is due, push. Resolves to whether another should follow at once.
   *
   * @param broke called when the connection is seen to break while nobody asks
   * @throws MeshError as `Link`, or `MESH_TIMEOUT`. What the signal says.
   */
  async run (isPushing: () => boolean, broke: () => void, signal: AbortSignal): Promise<boolean> {
    const { connect, greeting } = this.#options
    const link = this.#link ??= this.#watch(await this.#timed('connecting', connect, signal), broke)
    if (greeting?.isDue === true) await this.#timed('announcing', (signal) => greeting.send(link, signal), signal)
    const more = await this.#doDue(link, signal)
    if (isPushing()) await this.#push(link, signal)
    return more || isPushing()
  }

  /** Gives the connection up. */
  async close (): Promise<void> {
    const link = this.#link
    this.#link = undefined
    await link?.close()
  }

  async #doDue (link: Link, signal: AbortSignal): Promise<boolean> {
    if (this.#agenda.isDigestDue || this.#session.isInDoubt) return await this.#compare(link, signal)
    if (this.#agenda.isTellDue) await this.#tell(link, signal)
    else if (this.#agenda.isFetchDue) return await this.#fetch(link, signal)
    return false
  }

  /** Asks what the other end has, and fetches what is missing here. Resolves to whether there may be more. */
  async #compare (link: Link, signal: AbortSignal): Promise<boolean> {
    this.#agenda.comparing()
    await this.#timed('asking what the other end has', (signal) => this.#session.exchange(link, signal), signal)
    this.#agenda.compared()
    const more = await this.#fetch(link, signal)
    if (more) this.#agenda.ask()
    return more
  }

  async #fetch (link: Link, signal: AbortSignal): Promise<boolean> {
    this.#agenda.fetching()
    const fresh = await this.#timed('fetching envelopes', (signal, extend) => this.#session.pull(link, signal, extend), signal)
    if (this.#session.isWaiting) this.#agenda.expect()
    return fresh > 0
  }

  async #tell (link: Link, signal: AbortSignal): Promise<void> {
    this.#agenda.telling()
    if (await this.#timed('telling of news', (signal) => this.#session.tell(link, signal), signal)) this.#agenda.graft()
  }

  async #push (link: Link, signal: AbortSignal): Promise<void> {
    await this.#timed('pushing envelopes', (signal, extend) => this.#session.push(link, signal, extend), signal)
    if (this.#session.vainPushes >= mostVainPushes) this.#agenda.prune()
  }

  #watch (link: Link, broke: () => void): Link {
    link.onBreak?.(() => { if (this.#link === link) broke() })
    return link
  }

  #timed<Result> (what: string, task: (signal: AbortSignal, extend: Extend) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    return withDeadline(this.#options.clock, this.#options.answerMs * this.#health.patience, what, task, signal)
  }
}
