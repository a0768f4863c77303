import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { definePlugin, describeError, isDid, MeshError, Type } from '@akshi/core'

const StaticConfig = Type.Object({
  file: Type.String({
    minLength: 1,
    description: 'JSON file with the candidates; a relative path starts at the home of the node.'
  }),
  interval_secs: Type.Number({
    default: 10,
    minimum: 0.05,
    description: 'How often the file is read again.'
  })
}, { additionalProperties: false })

/**
 * Reads candidates from a file: [{ "did": "did:key:z6Mk...", "addresses": [{ "host": "192.0.2.7", "port": 3210 }] }].
 * A file that makes no sense fails the start; later it is logged, and read again in the next round.
 */
class StaticDiscovery {
  #options
  #timer
  #round = Promise.resolve()
  #isStopped = false

  constructor (options) {
    this.#options = options
  }

  /** Nothing is reported before this has resolved. */
  async start (report, signal) {
    signal.throwIfAborted()
    const candidates = await this.#read()
    signal.throwIfAborted()
    this.#reportIn(0, candidates, report)
  }

  /** A file that others wrote does not make this node findable. */
  async announce () {}

  async stop () {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#round
  }

  #reportIn (delayMs, candidates, report) {
    const { clock, intervalMs } = this.#options
    if (this.#isStopped) return
    this.#timer = clock.timer(delayMs, () => {
      for (const candidate of candidates) report(candidate)
      this.#timer = clock.timer(intervalMs, () => { this.#round = this.#readAgain(report) })
    })
  }

  async #readAgain (report) {
    const candidates = await this.#read().catch((error) => {
      this.#options.logger.warnOnce('file', 'candidates are as they were', { reason: describeError(error) })
      return []
    })
    this.#reportIn(0, candidates, report)
  }

  async #read () {
    const { path } = this.#options
    try {
      const candidates = JSON.parse(await readFile(path, 'utf8'))
      return candidates.map(({ did, addresses }) => {
        if (!isDid(did)) throw new TypeError(`"${did}" is not a DID`)
        return { did, addresses }
      })
    } catch (cause) {
      throw new MeshError('STATIC_FILE_INVALID', `Cannot use ${path}: ${describeError(cause)}. The README shows a good one.`, { cause })
    }
  }
}

export default definePlugin({
  name: 'static-discovery',
  apiVersion: 1,
  config: StaticConfig,
  setup: ({ config, settings, clock, logger }) => ({
    discovery: new StaticDiscovery({
      path: resolve(settings.home, config.file), intervalMs: config.interval_secs * 1000, clock, logger
    })
  })
})
