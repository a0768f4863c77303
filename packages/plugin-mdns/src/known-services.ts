import type { Clock } from '@akshi/core'
import type { MdnsRecord } from './multicast.ts'
import { pointTo, ttlSecs } from './records.ts'

const maxServices = 256
/** What fits into one unfragmented packet besides the question: the codec does not compress names. */
const maxKnownAnswers = 10

interface KnownService {
  readonly label: string
  readonly ttlMs: number
  readonly expiresAt: number
}

/**
 * The services heard of late on one interface, so that a question can name them. Bounded; the oldest is dropped, and
 * none is kept longer than a node's own records live, so that a lie about another's cannot silence it for long.
 */
export class KnownServices {
  readonly #clock: Clock
  readonly #byName = new Map<string, KnownService>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  get size (): number {
    return this.#byName.size
  }

  /** Remembers a service for `ttl` seconds from now; 0 forgets it. */
  note (label: string, ttl: number): void {
    const key = label.toLowerCase()
    this.#byName.delete(key)
    if (ttl === 0) return
    if (this.#byName.size >= maxServices) this.#byName.delete(this.#byName.keys().next().value ?? '')
    const ttlMs = Math.min(ttl, ttlSecs) * 1000
    this.#byName.set(key, { label, ttlMs, expiresAt: this.#clock.monotonic() + ttlMs })
  }

  /** PTR records with more than half of their life left (RFC 6762 section 7.1), with the time that remains. */
  answers (): readonly MdnsRecord[] {
    const now = this.#clock.monotonic()
    for (const [key, { expiresAt }] of this.#byName) if (expiresAt <= now) this.#byName.delete(key)
    return [...this.#byName.values()]
      .filter(({ expiresAt, ttlMs }) => expiresAt - now > ttlMs / 2)
      .slice(-maxKnownAnswers)
      .map(({ label, expiresAt }) => pointTo(label, Math.floor((expiresAt - now) / 1000)))
  }
}
