import { isIP } from 'node:net'
import type { Address, Clock, Random, TunnelStatus } from '@akshi/core'
import type { DesiredPeer } from './tunnel-peers.ts'
import type { WantedTunnel } from './wanted-tunnel.ts'
import type { WgDevice, WgPeerState } from './wg-device.ts'
import { formatEndpoint, sameEndpoint } from './wg-peer.ts'

/** How often a handshake is tried anew while it is hoped for, and how long that goes on before it is tried now and then only. */
const hurryMs = 600
const hurryForMs = 10_000
const lateMs = 15_000
/** WireGuard gives a session up after three minutes, a new one being due after two (REJECT_AFTER_TIME, REKEY_AFTER_TIME). */
const aliveMs = 180_000
/** A tunnel from which nothing came for so long may lead to where its peer was. */
const silentMs = 1_500
/** How long a name's address is good for. */
const resolvedMs = 60_000

export interface AttemptOptions {
  readonly device: WgDevice
  readonly clock: Clock
  readonly random: Random
  readonly keepaliveSecs: number
  /** The IP address of a host; nothing when it has none now. */
  readonly resolve: (host: string) => Promise<string | undefined>
  /** Whether a host is on a network that this machine is on. */
  readonly isNear: (host: string) => boolean
}

/** One tunnel on its way: tries the places where the other end may be, one after the other, until a handshake shows that it works. */
export class TunnelAttempt {
  readonly #options: AttemptOptions
  #wanted: WantedTunnel
  #places: readonly Address[] = []
  /** Where others have seen the peer lately, the latest first. */
  #observed: readonly Address[] = []
  #resolvedAt = -Infinity
  #state: WgPeerState | undefined
  #next = 0
  #triedAt = -Infinity
  #heardAt = -Infinity
  #since: number

  constructor (wanted: WantedTunnel, options: AttemptOptions) {
    this.#wanted = wanted
    this.#options = options
    this.#since = options.clock.monotonic()
  }

  get wanted (): WantedTunnel { return this.#wanted }

  /** What the device said last. */
  get state (): WgPeerState | undefined { return this.#state }

  /** Whether a handshake was made lately. */
  get isUp (): boolean {
    const { lastHandshakeMs } = this.#state ?? {}
    return lastHandshakeMs !== undefined && this.#options.clock.now() - lastHandshakeMs < aliveMs
  }

  /** How it is, for people. */
  get status (): TunnelStatus {
    const { endpoint, lastHandshakeMs, rxBytes = 0, txBytes = 0 } = this.#state ?? {}
    return {
      state: this.isUp ? 'up' : 'trying',
      address: this.#wanted.address,
      ...endpoint !== undefined && { endpoint: formatEndpoint(endpoint) },
      ...lastHandshakeMs !== undefined && { lastHandshakeAt: new Date(lastHandshakeMs).toISOString() },
      rxBytes,
      txBytes
    }
  }

  /** The peer as the device should have it. Where it is, is for `step` to say: a handshake that is begun twice at once gets lost. */
  get desired (): DesiredPeer {
    const { did, publicKey } = this.#wanted
    return { did, publicKey, endpoints: [], keepaliveSecs: this.#options.keepaliveSecs }
  }

  /** Takes what is wanted now, and where others see the peer. New places are tried as at first. Resolves when their names are known. */
  async want (tunnel: WantedTunnel, observed: readonly Address[]): Promise<void> {
    const now = this.#options.clock.monotonic()
    const { isNear } = this.#options
    const near = tunnel.endpoints.filter(({ host }) => isNear(host))
    const wanted = { ...tunnel, endpoints: [...near, ...observed, ...tunnel.endpoints.filter((place) => !near.includes(place))] }
    const isNews = JSON.stringify(wanted.endpoints) !== JSON.stringify(this.#wanted.endpoints)
    this.#wanted = wanted
    this.#observed = observed
    if (isNews) {
      this.#hurry()
      this.#next = 0
    }
    if (!isNews && now - this.#resolvedAt < resolvedMs) return
    this.#resolvedAt = now
    this.#places = (await Promise.all(wanted.endpoints.map((endpoint) => this.#resolve(endpoint)))).flat()
  }

  /** Notes what the device has of it, and tries the next place when it is time: without that a lost handshake is repeated after 5 s. */
  async step (state: WgPeerState | undefined): Promise<void> {
    const wasUp = this.isUp
    if (state !== undefined && state.rxBytes !== this.#state?.rxBytes) this.#heardAt = this.#options.clock.monotonic()
    this.#state = state
    if (wasUp && !this.isUp) this.#hurry()
    if (this.isUp) return await this.#follow()
    const endpoint = this.#places[this.#next % Math.max(1, this.#places.length)]
    if (endpoint === undefined || !this.#isTime()) return
    this.#next++
    this.#triedAt = this.#options.clock.monotonic()
    const { publicKey, address } = this.#wanted
    if (await this.#hasCome()) return
    await this.#options.device.readd({ publicKey, address, endpoint, keepaliveSecs: this.#options.keepaliveSecs })
  }

  /**
   * The peer may have come by itself since the device was asked: trying another place would throw that session away. The one who answers a
   * handshake counts it only with the first packet after it, so whatever has come counts once.
   */
  async #hasCome (): Promise<boolean> {
    const before = this.#state?.rxBytes ?? 0
    const states = await this.#options.device.peers()
    this.#state = states.find(({ publicKey }) => publicKey === this.#wanted.publicKey) ?? this.#state
    return this.isUp || (this.#state?.rxBytes ?? 0) > before
  }

  /**
   * Sends a packet to where others see the peer now, when nothing comes from where it was: its NAT has given it another port. The session
   * stays, and the peer, whose packets get through to others, follows by itself.
   */
  async #follow (): Promise<void> {
    const [endpoint] = this.#observed
    const now = this.#options.clock.monotonic()
    if (endpoint === undefined || sameEndpoint(endpoint, this.#state?.endpoint) || now - this.#heardAt < silentMs || now - this.#triedAt < hurryMs) return
    this.#triedAt = now
    const { publicKey, address } = this.#wanted
    for (const keepaliveSecs of [0, Math.max(1, this.#options.keepaliveSecs)]) await this.#options.device.setPeer({ publicKey, address, endpoint, keepaliveSecs })
  }

  #hurry (): void {
    this.#since = this.#options.clock.monotonic()
    this.#triedAt = -Infinity
  }

  /** Spread a little, so that two sides do not keep missing each other. */
  #isTime (): boolean {
    const now = this.#options.clock.monotonic()
    const everyMs = now - this.#since < hurryForMs ? hurryMs : lateMs
    return now - this.#triedAt >= everyMs * (0.75 + this.#options.random.uniform() / 2)
  }

  async #resolve ({ host, port }: Address): Promise<readonly Address[]> {
    const found = isIP(host) !== 0 ? host : await this.#options.resolve(host)
    return found === undefined ? [] : [{ host: found, port }]
  }
}
