import { describeError, type Clock, type Logger, type Random } from '@akshi/core'
import type { BootstrapAddress } from './bootstrap-address.ts'
import type { KadNode, KnownNode } from './kad-node.ts'
import { Repeater } from './repeater.ts'

export interface JoinWatchOptions {
  readonly kad: KadNode
  readonly bootstrap: readonly BootstrapAddress[]
  /** Nodes of an earlier life, and the way to keep them for the next. */
  readonly remembered: { read (): Promise<readonly KnownNode[]>, write (nodes: readonly KnownNode[]): Promise<void> }
  /** There is somebody to ask again, after there was nobody. */
  readonly joined: () => void
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** What became of the last attempt to join at an address. */
export interface JoinTry {
  readonly address: string
  /** Nothing: it answered. */
  readonly error?: string
}

const firstWaitMs = 250
const maxWaitMs = 30_000
const lookMs = 2_000
const sweepEveryMs = 60_000
const maxRemembered = 64
const maxTried = 16

/**
 * Keeps this node in the DHT: joins through the bootstrap nodes and those of earlier lives, takes nodes out of the routing table that are
 * gone, and joins anew when nobody is left.
 */
export class JoinWatch {
  readonly #options: JoinWatchOptions
  readonly #work: Repeater
  readonly #tries = new Map<string, JoinTry>()
  #failures = 0
  #isJoined = false
  #sweptAt: number | undefined
  #remembered: readonly KnownNode[] | undefined

  constructor (options: JoinWatchOptions) {
    this.#options = options
    this.#work = new Repeater({ ...options, name: 'joining the DHT', task: () => this.#watch() })
  }

  /** True while there is somebody to ask. */
  get isJoined (): boolean { return this.#isJoined }
  get tries (): readonly JoinTry[] { return [...this.#tries.values()] }

  start (): void {
    this.#options.kad.onNode(() => { if (!this.#isJoined) this.#work.ring() })
    this.#work.ring()
  }

  async stop (): Promise<void> {
    await this.#work.stop()
    await this.#remember()
  }

  async #watch (): Promise<number> {
    const { kad, random } = this.#options
    if (kad.size === 0) await this.#join()
    if (kad.size === 0) {
      this.#isJoined = false
      return Math.min(maxWaitMs, firstWaitMs * 2 ** Math.min(this.#failures++, 10)) * (0.5 + random.uniform())
    }
    this.#noteJoined()
    await this.#sweepNowAndThen()
    return lookMs
  }

  /** Resolves with the first that answers, or when none does. */
  async #join (): Promise<void> {
    const { kad, bootstrap, remembered } = this.#options
    this.#remembered ??= await remembered.read()
    const attempts = [
      ...bootstrap.map((address) => this.#try(address.text, () => kad.join(address))),
      ...this.#remembered.slice(0, maxTried).map((node) => this.#try(node.addresses[0] ?? node.peer, () => kad.rejoin(node)))
    ]
    await Promise.any(attempts).catch(() => {})
  }

  async #try (address: string, join: () => Promise<void>): Promise<void> {
    try {
      await join()
      this.#tries.set(address, { address })
    } catch (error) {
      this.#tries.set(address, { address, error: describeError(error) })
      throw error
    }
  }

  #noteJoined (): void {
    if (this.#isJoined) return
    const { kad, logger, joined } = this.#options
    this.#isJoined = true
    this.#failures = 0
    logger.info('joined the DHT', { nodes: kad.size })
    joined()
  }

  async #sweepNowAndThen (): Promise<void> {
    const { kad, bootstrap, clock } = this.#options
    const now = clock.monotonic()
    this.#sweptAt ??= now
    if (now - this.#sweptAt < sweepEveryMs) return
    this.#sweptAt = now
    await kad.look()
    await kad.sweep()
    // Two halves of a DHT that was cut in two meet again where both know somebody.
    await Promise.allSettled(bootstrap.map((address) => this.#try(address.text, () => kad.join(address))))
    await this.#remember()
  }

  /** Keeps what is known when somebody is: a list of nobody helps no later life. */
  async #remember (): Promise<void> {
    const nodes = await this.#options.kad.knownNodes(maxRemembered)
    if (nodes.length > 0) await this.#options.remembered.write(nodes)
  }
}
