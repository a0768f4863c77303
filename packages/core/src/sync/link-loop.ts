import type { Address } from '../announcement.ts'
import type { Clock } from '../clock.ts'
import type { LinkStatus } from '../control.ts'
import { isMeshError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Random } from '../random.ts'
import type { Receipt } from '../transport.ts'
import { Bell } from './bell.ts'
import { LinkAgenda } from './link-agenda.ts'
import { LinkHealth } from './link-health.ts'
import { LinkRound, type RoundOptions } from './link-round.ts'
import { LinkSession, type SessionOptions } from './link-session.ts'

/** One failure is nothing: a peer that starts a moment later, or has not heard yet that it is to trust this node. */
const noteworthyFailures = 5

export interface LoopOptions extends SessionOptions, RoundOptions {
  /** Plugin name of the transport. */
  readonly transport: string
  /** What people call the other end, for the log. */
  readonly title: () => string
  readonly intervalMs: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Called when the state or what the other end has has changed. */
  readonly changed: () => void
}

/**
 * Keeps one link in step: at once when rung, and at an interval in case a ring was lost. One request is in flight at a
 * time; what comes meanwhile goes with the next, so batches grow with load. A failure closes the link; the next attempt
 * waits longer each time, or until somebody rings.
 */
export class LinkLoop {
  readonly session: LinkSession
  readonly health: LinkHealth
  readonly #options: LoopOptions
  readonly #agenda: LinkAgenda
  readonly #round: LinkRound
  /** Rings when there is something to do. */
  readonly #bell: Bell
  /** Rings when a link that is down is worth another try now. */
  readonly #alarm: Bell
  readonly #stopped = new AbortController()
  #writing = true
  #hasLeft = false
  #isRenewing = false
  #running: Promise<void> | undefined

  constructor (options: LoopOptions) {
    this.#options = options
    this.#agenda = new LinkAgenda(options.clock, options.intervalMs)
    this.#bell = new Bell(options.clock)
    this.#alarm = new Bell(options.clock)
    this.session = new LinkSession(options)
    this.health = new LinkHealth(options)
    this.#round = new LinkRound(options, this.session, this.#agenda, this.health)
  }

  get status (): LinkStatus { return this.health.status }

  /** Whether envelopes are pushed; digests and pulls go on regardless. */
  set writing (writing: boolean) {
    if (this.#writing === writing) return
    this.#writing = writing
    this.ring()
  }

  get writing (): boolean { return this.#writing }

  /** Whether news is pushed as it comes: because it was told so, or because the other end was found to lack what it was told of. */
  get eager (): boolean { return this.#agenda.eager }

  set eager (eager: boolean) {
    const before = this.eager
    this.#agenda.eager = eager
    if (this.eager !== before) this.ring()
  }

  start (): void {
    this.#running = this.#run()
  }

  /** Where the link leads while it works, if its transport says so. */
  get at (): Address | undefined { return this.#round.link?.at?.() }

  /** There may be something to push, when the link works. Returns at once. */
  ring (): void {
    this.#bell.ring()
  }

  /** What the other end has may be otherwise: ask, when the link works. Returns at once. */
  readonly ask = (): void => {
    this.#agenda.ask()
    this.ring()
  }

  /** Tells the other end of news instead of pushing it; if it lacks that, it is pushed from now on. Returns at once. */
  tell (): void {
    this.#agenda.tell()
    this.ring()
  }

  /** The other end told of news: what has not come in a moment is fetched. Returns at once. */
  expect (): void {
    this.#agenda.expect()
    this.ring()
  }

  /** The other end, or the way to it, may have changed: dial or ask again now. Returns at once. */
  readonly look = (): void => {
    this.#hasLeft = false
    this.session.release()
    this.ask()
    this.#alarm.ring()
  }

  /** There is a better way to the other end: the link is opened anew when nothing is under way on it. Returns at once. */
  renew (): void {
    this.#isRenewing = this.status.state === 'up'
    this.ring()
  }

  /** The other end says goodbye: it is not tried for a while. Returns at once. */
  leave (): void {
    this.#hasLeft = true
    this.ring()
    this.#alarm.ring()
  }

  /** Sends something of no feed beside whatever is under way; `undefined` if the link does not work. Rejects as `Link.push`. */
  async send (items: readonly Uint8Array[], signal: AbortSignal): Promise<Receipt | undefined> {
    return this.status.state === 'up' ? await this.#round.link?.push(items, signal) : undefined
  }

  /** Resolves when the link is closed and nothing runs any more. */
  async stop (): Promise<void> {
    this.#stopped.abort()
    this.#bell.ring()
    this.#alarm.ring()
    await this.#running
    await this.#round.close()
  }

  async #run (): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      this.#bell.reset()
      this.#alarm.reset()
      try {
        if (this.#isRenewing) await this.#reopen()
        if (this.#hasLeft) await this.#left()
        else if (!await this.#pass(signal)) await this.#rest()
      } catch (error) {
        if (!signal.aborted && !this.#hasLeft) await this.#failed(error)
      }
    }
  }

  async #pass (signal: AbortSignal): Promise<boolean> {
    const more = await this.#round.run(() => this.#isPushing && this.session.hasNews, () => this.ask(), signal)
    const before = this.status.state
    this.health.works()
    if (before !== 'up') this.#log()
    this.#options.changed()
    return more
  }

  get #isPushing (): boolean {
    return this.#writing && (this.eager || this.session.owes)
  }

  /** Waits until somebody rings, or something is due or is to be tried again. */
  async #rest (): Promise<void> {
    const retryAt = this.#isPushing ? this.session.nextRetryAt : Infinity
    await this.#bell.wait(Math.max(0, Math.min(this.#agenda.nextAt, retryAt) - this.#options.clock.monotonic()))
  }

  async #reopen (): Promise<void> {
    this.#isRenewing = false
    await this.#round.close()
    this.#agenda.ask()
  }

  async #left (): Promise<void> {
    const before = this.status.state
    const waitMs = this.health.left()
    if (before !== 'down') this.#log()
    await this.#drop(waitMs)
  }

  async #failed (error: unknown): Promise<void> {
    const { logger, transport, title } = this.#options
    const before = this.status.state
    const waitMs = this.health.failed(error)
    const { state, reason } = this.status
    if (state === 'down' && before !== 'down' && before !== 'connecting') this.#log()
    const isAlarming = isMeshError(error, 'MESH_PEER_MISMATCH')
    if (this.health.failures >= noteworthyFailures || isAlarming) logger.warnOnce(`link ${transport} ${title()} ${reason}`, 'a link is down', { transport, to: title(), reason })
    await this.#drop(waitMs)
  }

  /** Gives the connection up, and waits before the next. */
  async #drop (waitMs: number): Promise<void> {
    this.#hasLeft = false
    this.#isRenewing = false
    this.#agenda.ask()
    await this.#round.close().catch(() => {})
    this.#options.changed()
    await this.#alarm.wait(waitMs)
  }

  #log (): void {
    const { logger, transport, title } = this.#options
    const { state, reason } = this.status
    logger.info(`a link is ${state}`, { transport, to: title(), reason })
  }
}
