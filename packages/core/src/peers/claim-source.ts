import type { Address } from '../announcement.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Did } from '../did.ts'

/** Somebody says that a node is to be met at an address. */
export interface Claim {
  readonly did: Did
  readonly address: Address
  readonly source: string
  readonly onLink: boolean
}

/** What became of a claim that was dialled. */
export interface Attempt {
  readonly claim: Claim
  failures: number
  /** When it was dialled last, milliseconds since the Unix epoch. */
  triedAt: number | undefined
  /** Why that failed. */
  error: string | undefined
  /** When it may be dialled again, on the monotonic clock. */
  notBefore: number
  timer: Timer | undefined
}

const maxWaiting = 256
const maxAttempts = 512
const maxDialling = 6
/** Dials that may follow each other at once, and how soon there may be another after those. */
const burst = 256
const dialEveryMs = 30

/** What one source (a discovery, peers by gossip) has claimed, and its share of the dials: what it floods is its own share. */
export class ClaimSource {
  readonly waiting = new Map<string, Claim>()
  readonly attempts = new Map<string, Attempt>()
  /** Dials under way. */
  dialling = 0
  /** Claims beyond its share. */
  dropped = 0
  readonly #clock: Clock
  /** When its next dial would be due if they came evenly, on the monotonic clock. (The generic cell rate algorithm, ITU-T I.371.) */
  #dueAt = -Infinity

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** Whether it has a claim to be dialled, and a place for it. */
  get isReady (): boolean { return this.waiting.size > 0 && this.dialling < maxDialling }

  /** How long until it may have another dial. */
  get waitMs (): number { return Math.max(0, this.#dueAt - burst * dialEveryMs - this.#clock.monotonic()) }

  /** Keeps a claim until it is dialled, if there is room. */
  add (key: string, claim: Claim): void {
    if (this.waiting.size < maxWaiting || this.waiting.has(key)) this.waiting.set(key, claim)
    else this.dropped++
  }

  /** Takes the next claim. */
  take (): [key: string, claim: Claim] | undefined {
    const next = this.waiting.entries().next().value
    if (next !== undefined) this.waiting.delete(next[0])
    return next
  }

  /** Notes that a dial begins. */
  spend (): void {
    this.#dueAt = Math.max(this.#dueAt, this.#clock.monotonic()) + dialEveryMs
  }

  /** What became of a claim before; the oldest claim is forgotten for a new one. */
  attemptFor (key: string, claim: Claim): Attempt {
    let attempt = this.attempts.get(key)
    if (attempt !== undefined) return attempt
    if (this.attempts.size >= maxAttempts) {
      const [oldest = '', forgotten] = this.attempts.entries().next().value ?? []
      forgotten?.timer?.cancel()
      this.attempts.delete(oldest)
    }
    attempt = { claim, failures: 0, triedAt: undefined, error: undefined, notBefore: 0, timer: undefined }
    this.attempts.set(key, attempt)
    return attempt
  }
}
