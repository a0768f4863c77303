import type { Clock } from '../clock.ts'

/** How long news that the other end told of may take to come by another way, before it is fetched. */
const comesInMs = 300

/** What is due on a link besides pushing, and whether news is pushed over it as it comes. */
export class LinkAgenda {
  readonly #clock: Clock
  readonly #intervalMs: number
  #isDigestDue = true
  #comparedAt = 0
  #isTellDue = false
  #fetchAt = Infinity
  #isEager = true
  #isGrafted = false

  constructor (clock: Clock, intervalMs: number) {
    this.#clock = clock
    this.#intervalMs = intervalMs
  }

  /** Whether news is pushed as it comes. Otherwise the other end is told of it, or lacks it until both compare what they have. */
  get eager (): boolean { return this.#isEager || this.#isGrafted }

  set eager (eager: boolean) {
    if (eager && !this.eager) this.ask()
    this.#isEager = eager
  }

  /** What each end has is to be compared. */
  get isDigestDue (): boolean {
    return this.#isDigestDue || this.#digestAt <= this.#clock.monotonic()
  }

  /** The other end is to be told of news. */
  get isTellDue (): boolean { return this.#isTellDue }

  /** What the other end told of is to be fetched. */
  get isFetchDue (): boolean { return this.#fetchAt <= this.#clock.monotonic() }

  /** When something is due if nothing happens until then, on the monotonic clock. */
  get nextAt (): number { return Math.min(this.#digestAt, this.#fetchAt) }

  ask (): void { this.#isDigestDue = true }
  tell (): void { this.#isTellDue = true }

  /** The other end told of news, which may still come by another way. */
  expect (): void {
    this.#fetchAt = Math.min(this.#fetchAt, this.#clock.monotonic() + comesInMs)
  }

  /** Both are being compared, which tells of all news. What is due from now on was not part of it. */
  comparing (): void {
    this.#isDigestDue = false
    this.#isTellDue = false
  }

  compared (): void { this.#comparedAt = this.#clock.monotonic() }
  fetching (): void { this.#fetchAt = Infinity }
  telling (): void { this.#isTellDue = false }

  /** News does not reach the other end by other ways: it is pushed until `prune`. */
  graft (): void { this.#isGrafted = true }
  prune (): void { this.#isGrafted = false }

  get #digestAt (): number {
    return this.eager ? this.#comparedAt + this.#intervalMs : Infinity
  }
}
