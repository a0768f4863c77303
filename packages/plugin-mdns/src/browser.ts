import type { Clock, Did, Logger, PeerCandidate, Random, Timer } from '@akshi/core'
import { readServices, type HeardService } from './heard-service.ts'
import { KnownServices } from './known-services.ts'
import type { LanInterface } from './lan-interface.ts'
import type { MdnsPacket } from './multicast.ts'
import { question } from './records.ts'

/** What a browser asks for. `send` never rejects. */
export interface BrowserOptions {
  readonly on: LanInterface
  /** This node's own: it is heard, and not reported. */
  readonly did: Did
  readonly maxQueryIntervalMs: number
  readonly send: (packet: MdnsPacket) => Promise<void>
  readonly report: (candidate: PeerCandidate) => void
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

const firstIntervalMs = 1_000
const backoffFactor = 3

/**
 * Asks for nodes on one interface and reports those it hears of, each time it hears of them. Questions follow each other
 * at growing intervals (RFC 6762 section 5.2); answers may come unasked.
 */
export class Browser {
  readonly #options: BrowserOptions
  readonly #known: KnownServices
  #timer: Timer | undefined

  constructor (options: BrowserOptions) {
    this.#options = options
    this.#known = new KnownServices(options.clock)
  }

  /** Asks after 20 to 120 ms, so that nodes that were switched on together do not ask at once, and goes on asking. */
  start (): void {
    const { clock, random } = this.#options
    this.#timer = clock.timer(20 + 100 * random.uniform(), () => this.#ask(firstIntervalMs))
  }

  /** Takes a response that came over the interface. */
  hear (packet: MdnsPacket): void {
    for (const service of readServices(packet, this.#options.on)) this.#take(service)
  }

  stop (): void {
    this.#timer?.cancel()
  }

  #ask (intervalMs: number): Promise<void> {
    const { clock, maxQueryIntervalMs, send } = this.#options
    const waitMs = Math.min(intervalMs, maxQueryIntervalMs)
    this.#timer = clock.timer(waitMs, () => this.#ask(waitMs * backoffFactor))
    return send(question(this.#known.answers()))
  }

  #take ({ label, ttl, found }: HeardService): void {
    if (ttl === 0) return this.#known.note(label, 0)
    if ('problem' in found) return this.#refuse(label, found.problem)
    this.#known.note(label, ttl)
    if (found.did !== this.#options.did) this.#options.report(found)
  }

  #refuse (label: string, problem: string): void {
    const { logger, on } = this.#options
    logger.warnOnce(`mdns-refused-${on.address}`, `Ignored an Akshi service heard over mDNS: ${problem}.`, { service: label, interface: on.name })
  }
}
