import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError, isDid, type Address, type Clock, type Logger, type PeerBook, type PeerCandidate, type Timer } from '@akshi/core'

const maxBytes = 262_144
const maxPeers = 256
const settleMs = 1_000

/** What a file of last-known peers asks for. */
export interface LastKnownPeersOptions {
  /** The node's folder. */
  readonly home: string
  readonly peerBook: Pick<PeerBook, 'all'>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Where trusted peers were met last, in the node's folder: they are dialled when the node starts, so that a mesh forms anew
 * where multicast has been blocked meanwhile. A dial proves them as it proves any candidate. A file that cannot be read or
 * written is said once, and costs only that.
 */
export class LastKnownPeers {
  readonly #options: LastKnownPeersOptions
  readonly #path: string
  #written = ''
  #timer: Timer | undefined
  #work: Promise<void> = Promise.resolve()

  constructor (options: LastKnownPeersOptions) {
    this.#options = options
    this.#path = join(options.home, 'mdns-peers.json')
  }

  /** Empty when there is no such file, or none that makes sense. */
  async read (): Promise<readonly PeerCandidate[]> {
    try {
      const text = await readFile(this.#path, 'utf8')
      const peers: unknown = text.length > maxBytes ? [] : JSON.parse(text)
      return Array.isArray(peers) ? peers.filter(isCandidate).map(({ did, addresses }) => ({ did, addresses })) : []
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#warn(error)
      return []
    }
  }

  /** Something in the peer book has changed: writes it, once no more does. */
  note (): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.timer(settleMs, () => { this.#work = this.#work.then(() => this.#write()) })
  }

  /** Resolves when nothing is being written; writes nothing more. */
  async stop (): Promise<void> {
    this.#timer?.cancel()
    await this.#work
  }

  /** Nobody who is trusted and was met is no reason to forget those of before: discovery may not work today. */
  async #write (): Promise<void> {
    const met = this.#options.peerBook.all().filter(({ trust, addresses, seenAt }) => trust === 'trusted' && addresses.length > 0 && seenAt !== undefined)
    const text = JSON.stringify(met.slice(0, maxPeers).map(({ did, addresses }) => ({ did, addresses })))
    if (met.length === 0 || text === this.#written) return
    try {
      await writeFile(`${this.#path}.new`, text, { mode: 0o600 })
      await rename(`${this.#path}.new`, this.#path)
      this.#written = text
    } catch (error) {
      this.#warn(error)
    }
  }

  #warn (error: unknown): void {
    this.#options.logger.warnOnce('mdns-peers', 'where trusted peers were met cannot be kept', { file: this.#path, error: describeError(error) })
  }
}

function isCandidate (value: unknown): value is PeerCandidate {
  const { did, addresses } = (value ?? {}) as Partial<Record<keyof PeerCandidate, unknown>>
  return typeof did === 'string' && isDid(did) && Array.isArray(addresses) && addresses.every(isAddress)
}

function isAddress (value: unknown): value is Address {
  const { host, port } = (value ?? {}) as Partial<Record<keyof Address, unknown>>
  return typeof host === 'string' && Number.isInteger(port)
}
