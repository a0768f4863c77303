import type { SignedAnnouncement } from '../announcement.ts'
import type { Clock } from '../clock.ts'
import { withDeadline } from '../deadline.ts'
import type { Discovery, PeerCandidate } from '../discovery.ts'
import type { Bulkhead } from './bulkhead.ts'
import { candidateProblem } from './candidate-checks.ts'

const announceMs = 30_000

/** A plugin's discovery behind its bulkhead: only what is a candidate gets through, and one announcement is under way at a time. */
export class GuardedDiscovery implements Discovery {
  readonly #inner: Discovery
  readonly #bulkhead: Bulkhead
  readonly #clock: Clock
  #announcing: Promise<void> | undefined
  /** The newest one, which goes when the one under way has ended. */
  #next: SignedAnnouncement | undefined

  constructor (inner: Discovery, bulkhead: Bulkhead, clock: Clock) {
    this.#inner = inner
    this.#bulkhead = bulkhead
    this.#clock = clock
  }

  start (report: (candidate: PeerCandidate) => void, signal: AbortSignal): Promise<void> {
    return this.#inner.start((candidate) => this.#report(candidate, report), signal)
  }

  /** Resolves when it has been made findable, or when that has failed and was logged. */
  announce (announcement: SignedAnnouncement): Promise<void> {
    this.#next = announcement
    this.#announcing ??= this.#announceAll().finally(() => { this.#announcing = undefined })
    return this.#announcing
  }

  stop (): Promise<void> {
    return this.#inner.stop()
  }

  async #announceAll (): Promise<void> {
    for (let next = this.#next; next !== undefined; next = this.#next) {
      const announcement = next
      this.#next = undefined
      await this.#bulkhead.contain('discovery.announce', () => withDeadline(this.#clock, announceMs, 'announcing', async () => await this.#inner.announce(announcement)))?.catch(() => {})
    }
  }

  #report (candidate: PeerCandidate, report: (candidate: PeerCandidate) => void): void {
    if (this.#bulkhead.isClosed) return
    const problem = candidateProblem(candidate)
    if (problem !== undefined) return this.#bulkhead.refuse('discovery.report', problem)
    report(candidate)
  }
}
