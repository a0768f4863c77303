import type { Clock } from '../../clock.ts'

/** A claim that nothing comes in for is worth nothing after this. */
const idleMs = 1_000

/**
 * Which link is fetching which feed now. After a partition many peers have the same news: without this, every link would
 * fetch all of it at once.
 */
export class FetchClaims {
  readonly #clock: Clock
  readonly #claims = new Map<string, { readonly by: object, until: number }>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** Whether somebody else is fetching a feed. */
  isTaken (key: string, by: object): boolean {
    const claim = this.#claims.get(key)
    return claim !== undefined && claim.by !== by && claim.until > this.#clock.monotonic()
  }

  /** Claims feeds, or notes that something of them came in. */
  claim (keys: readonly string[], by: object): void {
    const until = this.#clock.monotonic() + idleMs
    for (const key of keys) this.#claims.set(key, { by, until })
  }

  release (by: object): void {
    for (const [key, claim] of this.#claims) if (claim.by === by) this.#claims.delete(key)
  }
}
