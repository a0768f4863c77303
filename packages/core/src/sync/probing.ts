import type { Clock, Timer } from '../clock.ts'

/** What it asks of a link. */
export interface ProbedLink {
  /** When the other end last gave a sign of life, on the monotonic clock. */
  readonly heardAt: number | undefined
  /** Whether the other end, to which news is pushed, has never called: perhaps it cannot dial this node. */
  readonly isOneWay: boolean
  probe (): void
}

/**
 * Asks one link in each period whether it still works: that from which nothing was heard for longest. So each node sends and
 * gets about one probe a period in a mesh of any size, as in SWIM (Das, Gupta and Motivala, 2002, section 4.3); and since a probe
 * asks what the other end has, every pair compares now and then, whoever pushes to whom. Who cannot be dialled, behind a NAT, gets
 * nothing pushed: such a node asks twice in each period.
 */
export class Probing {
  readonly #clock: Clock
  readonly #periodMs: number
  readonly #links: () => readonly ProbedLink[]
  #timer: Timer | undefined
  #turns = 0

  /** `links` gives those that work. */
  constructor (clock: Clock, periodMs: number, links: () => readonly ProbedLink[]) {
    this.#clock = clock
    this.#periodMs = periodMs
    this.#links = links
  }

  start (): void {
    this.#timer = this.#clock.timer(this.#periodMs / 2, () => {
      for (const link of this.#links()) if (link.isOneWay) link.probe()
      if (++this.#turns % 2 === 0) this.#probe()
      this.start()
    })
  }

  stop (): void {
    this.#timer?.cancel()
  }

  #probe (): void {
    const quietSince = this.#clock.monotonic() - this.#periodMs
    const links = this.#links().filter(({ heardAt = 0, isOneWay }) => !isOneWay && heardAt <= quietSince)
    links.sort((a, b) => (a.heardAt ?? 0) - (b.heardAt ?? 0))[0]?.probe()
  }
}
