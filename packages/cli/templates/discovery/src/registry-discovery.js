import { describeError, isDid } from '@akshi/core'

/** @import { Address, Clock, Did, Discovery, Logger, PeerCandidate, SignedAnnouncement, Timer } from '@akshi/core' */

/**
 * Where nodes write down where they are: all that a mechanism has to bring. Each rejects while it is out of reach.
 *
 * @typedef {object} Registry
 * @property {string} title what it is and where, for people
 * @property {() => Promise<readonly { readonly did: unknown, readonly addresses: unknown }[]>} list whatever others wrote, unchecked
 * @property {(did: Did, addresses: readonly Address[]) => Promise<void>} put
 * @property {(did: Did) => Promise<void>} remove
 */

/**
 * Reports whoever stands in a registry, again and again, and writes this node into it. Nobody is trusted for it.
 *
 * @implements {Discovery}
 */
export class RegistryDiscovery {
  #options
  /** @type {Timer | undefined} */
  #timer
  /** What is under way, one after the other. @type {Promise<void>} */
  #work = Promise.resolve()
  #isListed = false
  #isStopped = false

  /** @param {{ readonly registry: Registry, readonly did: Did, readonly intervalMs: number, readonly clock: Clock, readonly logger: Logger }} options */
  constructor (options) {
    this.#options = options
  }

  /**
   * Resolves at once: a registry that is out of reach is tried again.
   *
   * @param {(candidate: PeerCandidate) => void} report
   * @param {AbortSignal} signal
   */
  async start (report, signal) {
    signal.throwIfAborted()
    this.#lookIn(0, report)
  }

  /** @param {SignedAnnouncement} signed */
  async announce ({ announcement: { addresses } }) {
    const { registry, did } = this.#options
    await this.#then('write into', async () => {
      if (this.#isStopped || (addresses.length === 0 && !this.#isListed)) return
      this.#isListed = true
      await registry.put(did, addresses)
    })
  }

  async stop () {
    const { registry, did } = this.#options
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#then('leave', async () => {
      if (this.#isListed) await registry.remove(did)
      this.#isListed = false
    })
  }

  /**
   * @param {number} delayMs
   * @param {(candidate: PeerCandidate) => void} report
   */
  #lookIn (delayMs, report) {
    if (this.#isStopped) return
    const { registry, clock, did, intervalMs } = this.#options
    this.#timer = clock.timer(delayMs, () => {
      this.#then('read', async () => {
        for (const each of (await registry.list()).flatMap(toCandidate)) if (each.did !== did && !this.#isStopped) report(each)
      }).then(() => this.#lookIn(intervalMs, report))
    })
  }

  /**
   * Runs what is next; a failure is logged, and others go on.
   *
   * @param {string} action
   * @param {() => Promise<void>} run
   */
  async #then (action, run) {
    const { registry, logger } = this.#options
    this.#work = this.#work.then(run).catch((error) => logger.warnOnce(action, `cannot ${action} ${registry.title}`, { reason: describeError(error) }))
    await this.#work
  }
}

/**
 * What somebody wrote, if it is a claim.
 *
 * @param {{ readonly did: unknown, readonly addresses: unknown }} entry
 * @returns {PeerCandidate[]}
 */
function toCandidate ({ did, addresses }) {
  if (typeof did !== 'string' || !isDid(did) || !Array.isArray(addresses)) return []
  return [{ did, addresses: addresses.filter(isAddress).map(({ host, port }) => ({ host, port })) }]
}

/**
 * @param {any} value
 * @returns {value is Address}
 */
function isAddress (value) {
  return typeof value?.host === 'string' && Number.isInteger(value.port) && value.port > 0 && value.port < 65_536
}
