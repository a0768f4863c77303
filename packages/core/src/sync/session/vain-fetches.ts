import type { Clock } from '../../clock.ts'
import type { Tip } from '../../transport.ts'
import { sameTips } from '../vector.ts'

const waitsMs = { first: 10_000, most: 600_000 }

/**
 * Feeds that were fetched in vain: all of it was here, under snapshots that do not name each envelope. They are not fetched
 * again for a while, which is longer each time, unless the other end has something else.
 */
export class VainFetches {
  readonly #clock: Clock
  /** By feed key: what the other end had then, and when to try again, on the monotonic clock. */
  readonly #vain = new Map<string, { readonly tips: readonly Tip[], readonly waitMs: number, readonly until: number }>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** Notes that fetching a feed up to these tips brought nothing. */
  note (key: string, tips: readonly Tip[]): void {
    const waitMs = Math.min(waitsMs.most, (this.#vain.get(key)?.waitMs ?? waitsMs.first / 2) * 2)
    this.#vain.set(key, { tips, waitMs, until: this.#clock.monotonic() + waitMs })
  }

  /** Whether fetching a feed up to these tips would be in vain again. */
  isVain (key: string, tips: readonly Tip[]): boolean {
    const vain = this.#vain.get(key)
    if (vain === undefined) return false
    if (!sameTips(vain.tips, tips)) this.#vain.delete(key)
    return sameTips(vain.tips, tips) && this.#clock.monotonic() < vain.until
  }
}
