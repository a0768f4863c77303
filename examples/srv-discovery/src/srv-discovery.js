import { describeError } from '@akshi/core'

/** @import { Clock, Discovery, Logger, PeerCandidate, SignedAnnouncement, Timer } from '@akshi/core' */
/** @import { DnsZone } from './dns-zone.js' */

/**
 * Reports whoever stands in a zone, again and again: who keeps the zone decides who is found. Nobody is trusted for it.
 *
 * @implements {Discovery}
 */
export class SrvDiscovery {
  #zone
  #intervalMs
  #clock
  #logger
  /** @type {Timer | undefined} */
  #timer
  #round = Promise.resolve()
  #isStopped = false

  /** @param {{ readonly zone: DnsZone, readonly intervalMs: number, readonly clock: Clock, readonly logger: Logger }} options */
  constructor ({ zone, intervalMs, clock, logger }) {
    this.#zone = zone
    this.#intervalMs = intervalMs
    this.#clock = clock
    this.#logger = logger
  }

  /**
   * Resolves at once: a name server that does not answer is asked again.
   *
   * @param {(candidate: PeerCandidate) => void} report
   * @param {AbortSignal} signal
   */
  async start (report, signal) {
    signal.throwIfAborted()
    this.#lookIn(0, report)
  }

  /**
   * Does nothing: who keeps the zone makes this node findable.
   *
   * @param {SignedAnnouncement} _announcement
   */
  async announce (_announcement) {}

  async stop () {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#zone.cancel()
    await this.#round
  }

  /**
   * @param {number} delayMs
   * @param {(candidate: PeerCandidate) => void} report
   */
  #lookIn (delayMs, report) {
    if (this.#isStopped) return
    this.#timer = this.#clock.timer(delayMs, () => {
      this.#round = this.#look(report).then(() => this.#lookIn(this.#intervalMs, report))
    })
  }

  /** @param {(candidate: PeerCandidate) => void} report */
  async #look (report) {
    try {
      const { members, troubles } = await this.#zone.look()
      if (this.#isStopped) return
      for (const trouble of troubles) this.#logger.warnOnce(trouble, trouble)
      for (const member of members) report(member)
    } catch (error) {
      if (!this.#isStopped) this.#logger.warnOnce('zone', `${this.#zone.name} cannot be looked up`, { reason: describeError(error) })
    }
  }
}
