import type { Clock, Did } from '@akshi/core'

/** The header `date` has whole seconds, rounded down. */
const roundedMs = 1_000

/** How far the clocks of peers are from this machine's, from the header `date` of their answers (RFC 9110, section 6.6.1). */
export class PeerClocks {
  readonly #clock: Pick<Clock, 'now'>
  readonly #offsets = new Map<Did, number>()

  constructor (clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** This machine's time, to be noted when a request is sent. */
  now (): number {
    return this.#clock.now()
  }

  /** Notes an answer that has just come to a request that was sent at `sentAt`. Anything but a date is passed over. */
  note (peer: Did, date: unknown, sentAt: number): void {
    const theirs = typeof date === 'string' ? Date.parse(date) : NaN
    if (Number.isNaN(theirs)) return
    const ahead = theirs - this.#clock.now()
    const behind = sentAt - (theirs + roundedMs)
    this.#offsets.set(peer, ahead > 0 ? ahead : behind > 0 ? -behind : 0)
  }

  /** By so many milliseconds the peer's clock is at least ahead, or behind if negative, as of its last answer. */
  offsetOf (peer: Did): number | undefined {
    return this.#offsets.get(peer)
  }
}
