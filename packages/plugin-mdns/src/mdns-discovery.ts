import type { Clock, Did, Discovery, Logger, PeerCandidate, Random, SignedAnnouncement } from '@akshi/core'
import { Channel } from './channel.ts'
import type { InterfaceSelection, LanInterface } from './lan-interface.ts'
import type { Multicast } from './multicast.ts'
import { explainProblem } from './problem.ts'

/** What `MdnsDiscovery` asks for. */
export interface MdnsOptions {
  /** This node's own DID. */
  readonly did: Did
  /** UDP port of the group. */
  readonly port: number
  readonly maxQueryIntervalMs: number
  /** Which interfaces to use; asked once, at the start. */
  readonly interfaces: () => InterfaceSelection
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/**
 * Finds nodes on the local network and makes this one findable there, by DNS-SD over multicast DNS (RFC 6763, RFC 6762).
 * Promises little: packets get lost, and what it reports is a claim by anybody on the network. It never fails the node:
 * where multicast is not possible it says so once and is silent.
 */
export class MdnsDiscovery implements Discovery {
  readonly #multicast: Multicast
  readonly #options: MdnsOptions
  #channels: readonly Channel[] = []

  constructor (multicast: Multicast, options: MdnsOptions) {
    this.#multicast = multicast
    this.#options = options
  }

  /** Resolves when each interface that works is listened to, be it none. Rejects with `signal.reason` only. */
  async start (report: (candidate: PeerCandidate) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { selected, missing } = this.#options.interfaces()
    this.#warnOfMissing(selected, missing)
    const opened = await Promise.all(selected.map((on) => this.#open(on, report)))
    this.#channels = opened.filter((channel) => channel !== undefined)
    if (signal.aborted) await this.stop()
    signal.throwIfAborted()
    for (const channel of this.#channels) channel.start()
  }

  async announce ({ announcement }: SignedAnnouncement): Promise<void> {
    await Promise.all(this.#channels.map((channel) => channel.announce(announcement)))
  }

  async stop (): Promise<void> {
    const channels = this.#channels
    this.#channels = []
    await Promise.all(channels.map((channel) => channel.close()))
  }

  async #open (on: LanInterface, report: (candidate: PeerCandidate) => void): Promise<Channel | undefined> {
    const channel = new Channel({ ...this.#options, multicast: this.#multicast, on, report })
    try {
      await channel.open()
      return channel
    } catch (error) {
      this.#options.logger.warn(explainProblem(error, on, this.#options.port).message)
    }
  }

  #warnOfMissing (selected: readonly LanInterface[], missing: readonly string[]): void {
    const { logger } = this.#options
    for (const name of missing) {
      logger.warn(`mDNS: this machine has no interface and no IPv4 address "${name}". Correct the plugin's "interfaces".`)
    }
    if (selected.length === 0) {
      logger.warn('mDNS finds nobody: there is no interface to use. Connect the machine to a network, name one with the plugin\'s "interfaces", or list peers under [[mesh.peers]].')
    }
  }
}
