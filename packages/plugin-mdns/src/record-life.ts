import type { MdnsRecord } from './multicast.ts'

/** What the longest-lived records of DNS-SD have (RFC 6762 section 10); a lie lives no longer. */
const maxTtlSecs = 4_500
const goodbyeMs = 1_000
const refreshes: readonly [number, ...number[]] = [0.8, 0.85, 0.9, 0.95]
/** A doubted record is asked for at once and is over in five seconds: the last fifth of so much. */
const doubtedMs = 25_000

/** A record that was heard, and how much of its life is over. Times are monotonic, in milliseconds. */
export class RecordLife {
  readonly record: MdnsRecord
  readonly #jitter: number
  #beganAt: number
  #lifeMs: number
  #asked = 0

  /** `chance`, from 0 to 1, spreads the refreshes of those that heard it together. */
  constructor (record: MdnsRecord, now: number, chance: number) {
    this.record = record
    this.#jitter = chance * 0.02
    this.#beganAt = now
    this.#lifeMs = Math.min(record.ttl, maxTtlSecs) * 1_000
  }

  isOver (now: number): boolean {
    return now >= this.#beganAt + this.#lifeMs
  }

  /** With the time that remains, if that is more than half: such need no answer (RFC 6762 section 7.1). */
  asKnownAnswer (now: number): MdnsRecord | undefined {
    const leftMs = this.#beganAt + this.#lifeMs - now
    return leftMs > this.#lifeMs / 2 ? { ...this.record, flush: false, ttl: Math.floor(leftMs / 1_000) } : undefined
  }

  /** True once at each of 80, 85, 90 and 95 % of its life: time to ask whether it still holds (RFC 6762 section 5.2). */
  isDue (now: number): boolean {
    const share = (now - this.#beganAt) / this.#lifeMs - this.#jitter
    const stage = refreshes.filter((each) => share >= each).length
    if (stage <= this.#asked) return false
    this.#asked = stage
    return true
  }

  /** It was taken back, or another took its place: it is over in a second (RFC 6762 section 10.1), so that a repetition can save it. */
  end (now: number): void {
    this.#lifeMs = Math.min(this.#lifeMs, now + goodbyeMs - this.#beganAt)
    this.#asked = refreshes.length
  }

  /** Something speaks against it: it is asked for at once, and over soon unless somebody answers (RFC 6762 section 10.4). */
  doubt (now: number): void {
    if (this.#beganAt + this.#lifeMs - now <= doubtedMs / 5) return
    this.#lifeMs = doubtedMs
    this.#beganAt = now - doubtedMs * refreshes[0]
    this.#asked = 0
  }

  /** Heard so lately that a set which replaces it may be the rest of its own. */
  isNew (now: number): boolean {
    return now - this.#beganAt < goodbyeMs
  }
}
