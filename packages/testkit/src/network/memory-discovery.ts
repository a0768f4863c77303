import { definePlugin, NoConfig, type Did, type Discovery, type PeerCandidate, type Plugin, type SignedAnnouncement, type Timer } from '@akshi/core'
import type { MemoryNetwork } from './memory-network.ts'

/** How often everybody who can be met is reported again, as queries on a real network do. */
const everyMs = 60_000

/** A plugin whose discovery meets nodes on a `MemoryNetwork`. */
export function discoveryPlugin (network: MemoryNetwork, did: Did): Plugin {
  return definePlugin({ name: 'memory-discovery', apiVersion: 1, config: NoConfig, setup: () => ({ discovery: new MemoryDiscovery(network, did) }) })
}

/** Reports every node that announced itself on the network and can be reached, soon after each change and then again. */
export class MemoryDiscovery implements Discovery {
  readonly #network: MemoryNetwork
  readonly #did: Did
  #report: ((candidate: PeerCandidate) => void) | undefined
  #unwatch: (() => void) | undefined
  #timer: Timer | undefined

  constructor (network: MemoryNetwork, did: Did) {
    this.#network = network
    this.#did = did
  }

  async start (report: (candidate: PeerCandidate) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#report = report
    this.#unwatch = this.#network.onChange(() => this.#lookSoon())
    this.#lookSoon()
  }

  async announce (announcement: SignedAnnouncement): Promise<void> {
    if (this.#report !== undefined) this.#network.announce(this.#did, announcement.announcement.addresses)
  }

  async stop (): Promise<void> {
    this.#report = undefined
    this.#unwatch?.()
    this.#timer?.cancel()
    this.#network.announce(this.#did, undefined)
  }

  #lookSoon (): void {
    this.#lookIn(this.#network.conditions(this.#did, this.#did).delayMs)
  }

  #lookIn (ms: number): void {
    this.#timer?.cancel()
    this.#timer = this.#network.clock.timer(ms, () => {
      this.#look()
      this.#lookIn(everyMs)
    })
  }

  #look (): void {
    for (const candidate of this.#network.announcedTo(this.#did)) this.#report?.(candidate)
  }
}
