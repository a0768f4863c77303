import type { Timer } from '../clock.ts'
import type { Did } from '../did.ts'
import type { Transport } from '../transport.ts'
import type { LinkLoop } from './link-loop.ts'
import { createLoop, type LinkOptions } from './link-opening.ts'
import type { PeerLinks } from './peer-links.ts'

export interface SharedLinkOptions extends LinkOptions {
  /** By plugin name, in the order of the configuration. */
  readonly transports: ReadonlyMap<string, Transport>
  /** How long a peer's link must have been gone before shared transports are written for it. */
  readonly fallbackMs: number
}

/** A link over each shared transport: always read, and written while there are no peers or one of them has no working link. */
export class SharedLinks {
  readonly #options: SharedLinkOptions
  readonly #changed: () => void
  readonly #links = new Map<string, LinkLoop>()
  readonly #closing = new Set<Promise<void>>()
  #timer: Timer | undefined

  /** `changed` is called when a link has come into another state. */
  constructor (options: SharedLinkOptions, changed: () => void) {
    this.#options = options
    this.#changed = changed
  }

  /** By plugin name. */
  get all (): ReadonlyMap<string, LinkLoop> { return this.#links }

  start (): void {
    for (const [name, transport] of this.#options.transports) if (transport.reach === 'shared') this.#open(name, transport)
  }

  /** Decides which are written; `again` is called once when that may be otherwise, unless this was called before then. */
  plan (trusted: readonly Did[], peers: PeerLinks, again: () => void): void {
    this.#timer?.cancel()
    let soonest = Infinity
    for (const [name, loop] of this.#links) {
      const waits = trusted.filter((did) => peers.sharedFor(did).includes(name)).map((did) => this.#waitFor(did, peers))
      loop.writing = trusted.length === 0 || waits.some((waitMs) => waitMs <= 0)
      soonest = Math.min(soonest, ...waits.filter((waitMs) => waitMs > 0))
    }
    if (soonest < Infinity) this.#timer = this.#options.clock.timer(soonest, again)
  }

  /** Gives up the link over a transport that is gone. */
  close (name: string): void {
    const closing = this.#links.get(name)?.stop().finally(() => this.#closing.delete(closing as Promise<void>))
    this.#links.delete(name)
    if (closing !== undefined) this.#closing.add(closing)
  }

  /** Resolves when all links are closed. */
  async stop (): Promise<void> {
    this.#timer?.cancel()
    await Promise.all([...[...this.#links.values()].map((loop) => loop.stop()), ...this.#closing])
  }

  /** How long a peer's own link is still given; none when the peer has said goodbye. */
  #waitFor (did: Did, links: PeerLinks): number {
    const { clock, fallbackMs, peers } = this.#options
    const loop = links.to(did)?.loop
    if (loop?.status.state === 'up') return Infinity
    if (peers.get(did)?.leftAt !== undefined) return 0
    return loop?.health.lostAt === undefined ? 0 : loop.health.lostAt + fallbackMs - clock.monotonic()
  }

  #open (name: string, transport: Transport): void {
    const connect = (signal: AbortSignal) => transport.connect({ kind: 'shared' }, signal)
    const loop = createLoop(this.#options, { transport: name, source: { kind: 'shared', name }, connect }, this.#changed)
    this.#links.set(name, loop)
    loop.start()
  }
}
