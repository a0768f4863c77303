import { backoffMs } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import type { LinkStatus } from '../control.ts'
import { withDeadline } from '../deadline.ts'
import { describeError, isMeshError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Random } from '../random.ts'
import type { Link } from '../transport.ts'
import { Bell } from './bell.ts'
import type { Greeting } from './greeting.ts'
import { LinkSession, type SessionOptions } from './link-session.ts'

const requestTimeoutMs = 30_000
/** One failure is nothing: a peer that starts a moment later, or has not heard yet that it is to trust this node. */
const noteworthyFailures = 5

export interface LoopOptions extends SessionOptions {
  /** Plugin name of the transport. */
  readonly transport: string
  /** What people call the other end, for the log. */
  readonly title: () => string
  readonly connect: (signal: AbortSignal) => Promise<Link>
  /** What else is sent over the link besides envelopes. */
  readonly greeting?: Pick<Greeting, 'isDue' | 'send'>
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
  readonly #options: LoopOptions
  /** Rings when there is something to do. */
  readonly #bell: Bell
  /** Rings when a link that is down is worth another try now. */
  readonly #alarm: Bell
  readonly #stopped = new AbortController()
  #link: Link | undefined
  #status: LinkStatus
  #failures = 0
  #digestDue = true
  #lastDigest = 0
  #lostAt: number | undefined
  #writing = true
  #running: Promise<void> | undefined

  constructor (options: LoopOptions) {
    this.#options = options
    this.#bell = new Bell(options.clock)
    this.#alarm = new Bell(options.clock)
    this.session = new LinkSession(options)
    this.#status = this.#statusNow('connecting', 'not dialled yet')
  }

  get status (): LinkStatus { return this.#status }

  /** When the link last stopped working, on the monotonic clock; nothing for one that never worked. */
  get lostAt (): number | undefined { return this.#lostAt }

  /** Whether envelopes are pushed; digests and pulls go on regardless. */
  set writing (writing: boolean) {
    if (this.#writing === writing) return
    this.#writing = writing
    this.ring()
  }

  get writing (): boolean { return this.#writing }

  start (): void {
    this.#running = this.#run()
  }

  /** There may be something to push, when the link works. Returns at once. */
  ring (): void {
    this.#bell.ring()
  }

  /** The other end, or the way to it, may have changed: dial or ask again now. Returns at once. */
  look (): void {
    this.#digestDue = true
    this.session.release()
    this.#bell.ring()
    this.#alarm.ring()
  }

  /** Resolves when the link is closed and nothing runs any more. */
  async stop (): Promise<void> {
    this.#stopped.abort()
    this.#bell.ring()
    this.#alarm.ring()
    await this.#running
    await this.#link?.close()
    this.#link = undefined
  }

  async #run (): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      this.#bell.reset()
      this.#alarm.reset()
      try {
        const more = await this.#round(signal)
        this.#failures = 0
        if (!more) await this.#rest()
      } catch (error) {
        if (!signal.aborted) await this.#failed(error)
      }
    }
  }

  /** One pass: connect, greet, ask if it is due, fetch, push. Resolves to whether another should follow at once. */
  async #round (signal: AbortSignal): Promise<boolean> {
    const { connect, greeting, clock, changed } = this.#options
    const timed = <Result>(what: string, task: (signal: AbortSignal) => Promise<Result>) => withDeadline(clock, requestTimeoutMs, what, task, signal)
    const link = this.#link ??= await timed('connecting', connect)
    if (greeting?.isDue === true) await timed('announcing', (signal) => greeting.send(link, signal))
    let more = false
    if (this.#isDigestDue()) {
      this.#digestDue = false
      await timed('asking what the other end has', (signal) => this.session.exchange(link, signal))
      this.#lastDigest = clock.monotonic()
      more = await timed('fetching envelopes', (signal) => this.session.pull(link, signal)) > 0
      this.#digestDue ||= more
    }
    if (this.#hasNews) await timed('pushing envelopes', (signal) => this.session.push(link, signal))
    this.#enter('up', 'it works')
    changed()
    return more || this.#hasNews
  }

  get #hasNews (): boolean {
    return this.#writing && this.session.hasNews
  }

  #isDigestDue (): boolean {
    return this.#digestDue || this.#options.clock.monotonic() - this.#lastDigest >= this.#options.intervalMs
  }

  /** Waits until somebody rings, the next digest is due, or a veto asks to be tried again. */
  async #rest (): Promise<void> {
    const retryAt = this.#writing ? this.session.nextRetryAt : Infinity
    const next = Math.min(this.#lastDigest + this.#options.intervalMs, retryAt)
    await this.#bell.wait(Math.max(0, next - this.#options.clock.monotonic()))
  }

  async #failed (error: unknown): Promise<void> {
    const { logger, transport, title, random, changed } = this.#options
    const reason = describeError(error)
    this.#enter('down', reason)
    this.#digestDue = true
    const isAlarming = isMeshError(error, 'MESH_PEER_MISMATCH')
    if (++this.#failures >= noteworthyFailures || isAlarming) logger.warnOnce(`link ${transport} ${title()} ${reason}`, 'a link is down', { transport, to: title(), reason })
    const link = this.#link
    this.#link = undefined
    await link?.close().catch(() => {})
    changed()
    await this.#alarm.wait(backoffMs(this.#failures - 1, random))
  }

  #enter (state: LinkStatus['state'], reason: string): void {
    if (this.#status.state === state && this.#status.reason === reason) return
    const { clock, logger, transport, title } = this.#options
    const changes = this.#status.state !== state
    if (changes && this.#status.state === 'up') this.#lostAt = clock.monotonic()
    if (changes && (state === 'up' || this.#status.state === 'up')) logger.info(`a link is ${state}`, { transport, to: title(), reason })
    this.#status = this.#statusNow(state, reason)
  }

  #statusNow (state: LinkStatus['state'], reason: string): LinkStatus {
    return { transport: this.#options.transport, state, reason, since: new Date(this.#options.clock.now()).toISOString() }
  }
}
