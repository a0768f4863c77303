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

  async start (report, signal) {
    await this.#read(report)
    signal.throwIfAborted()
    this.#schedule(report)
  }

  /** A file that others wrote does not make this node findable. */
  async announce () {}

  async stop () {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#round
  }

  #schedule (report) {
    const { clock, intervalMs, logger } = this.#options
    if (this.#isStopped) return
    this.#timer = clock.timer(intervalMs, () => {
      this.#round = this.#read(report)
        .catch((error) => logger.warnOnce('file', 'candidates are as they were', { reason: describeError(error) }))
        .finally(() => this.#schedule(report))
    })
  }

  async #read (report) {
    const { path } = this.#options
    try {
      const candidates = JSON.parse(await readFile(path, 'utf8'))
      for (const { did, addresses } of candidates) {
        if (!isDid(did)) throw new TypeError(`"${did}" is not a DID`)
        if (!this.#isStopped) report({ did, addresses })
      }
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
