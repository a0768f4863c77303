import { isIP } from 'node:net'
import type { Address, Clock, Random, TunnelStatus } from '@akshi/core'
import { CallTurns } from './call-turns.ts'
import type { WgKey } from './tunnel-key.ts'
import type { DesiredPeer } from './tunnel-peers.ts'
import { TunnelPulse } from './tunnel-pulse.ts'
import type { WantedTunnel } from './wanted-tunnel.ts'
import type { WgDevice, WgPeerState } from './wg-device.ts'
import { formatEndpoint, kickSecs, sameEndpoint } from './wg-peer.ts'

/** A tunnel from which no answer comes for so long may lead to where its peer was. */
const followMs = 1_500
const followAgainMs = 500
/** How long a name's address is good for. */
const resolvedMs = 60_000

export interface AttemptOptions {
  readonly device: WgDevice
  /** This node's own key. */
  readonly own: WgKey
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
  readonly #pulse: TunnelPulse
  readonly #turns: CallTurns
  #wanted: WantedTunnel
  #places: readonly Address[] = []
  /** Where others have seen the peer lately, the latest first. */
  #observed: readonly Address[] = []
  #resolvedAt = -Infinity
  /** How often names were asked for. */
  #asked = 0
  #next = 0
  /** From where the peer has called; it is answered there before other places are tried. */
  #caller: Address | undefined
  #followedAt = -Infinity

  constructor (wanted: WantedTunnel, options: AttemptOptions) {
    this.#wanted = wanted
    this.#options = options
    this.#pulse = new TunnelPulse(options.clock)
    this.#turns = new CallTurns(options.clock, options.random, options.own > wanted.publicKey)
  }

  get wanted (): WantedTunnel { return this.#wanted }

  /** What the device said last. */
  get state (): WgPeerState | undefined { return this.#pulse.state }

  /** Whether a handshake was made lately, and nothing sent since has been left without an answer. */
  get isUp (): boolean { return this.#pulse.isUp }

  /** How it is, for people. */
  get status (): TunnelStatus {
    const { endpoint, lastHandshakeMs, rxBytes = 0, txBytes = 0 } = this.state ?? {}
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
    const before = this.#wanted.endpoints
    this.#wanted = wanted
    this.#observed = observed
    if (wanted.endpoints.some((place) => !before.some((known) => sameEndpoint(known, place)))) {
      this.#turns.hurry()
      this.#next = 0
    } else if (now - this.#resolvedAt < resolvedMs && wanted.endpoints.length === before.length) return
    this.#resolvedAt = now
    const asked = ++this.#asked
    const places = (await Promise.all(wanted.endpoints.map((endpoint) => this.#resolve(endpoint)))).flat()
    if (asked === this.#asked) this.#places = places
  }

  /** Notes what the device has of it, and calls the next place when it is time: without that a lost handshake is repeated after 5 s. */
  async step (state: WgPeerState | undefined): Promise<void> {
    const wasUp = this.isUp
    const hasCome = this.#pulse.note(state)
    if (this.isUp) return await this.#keep()
    if (wasUp) this.#turns.hurry()
    if (hasCome) return this.#giveWay()
    if (this.#turns.isMine) await this.#call()
  }

  /** Unless the peer has come by itself since the device was asked: adding it anew would throw that session away. */
  async #call (): Promise<void> {
    const { device, keepaliveSecs } = this.#options
    const { publicKey, address } = this.#wanted
    const places = this.#caller === undefined ? this.#places : [this.#caller, ...this.#places]
    const endpoint = places[this.#next % Math.max(1, places.length)]
    if (endpoint === undefined) return
    const states = await device.peers()
    const hasCome = this.#pulse.note(states.find((state) => state.publicKey === publicKey) ?? this.state)
    if (this.isUp) return
    if (hasCome) return this.#giveWay()
    this.#next++
    this.#turns.call()
    await device.readd({ publicKey, address, endpoint, keepaliveSecs })
  }

  /**
   * The peer has called and was answered. That is a session here only with the first packet in it, and one there already, which adding the
   * peer anew would throw away.
   */
  #giveWay (): void {
    this.#turns.giveWay()
    this.#caller = this.state?.endpoint
    this.#next = 0
  }

  async #keep (): Promise<void> {
    const [endpoint] = this.#observed
    if (endpoint !== undefined && !sameEndpoint(endpoint, this.state?.endpoint) && this.#pulse.unansweredMs >= followMs) return await this.#follow(endpoint)
    if (this.#pulse.isDue) await this.#nudge()
  }

  /**
   * Sends a packet to where others see the peer now, when nothing comes from where it was: its NAT has given it another port. The session
   * stays, and the peer, whose packets get through to others, follows by itself.
   */
  async #follow (endpoint: Address): Promise<void> {
    const now = this.#options.clock.monotonic()
    if (now - this.#followedAt < followAgainMs) return
    this.#followedAt = now
    await this.#nudge(endpoint)
  }

  /** Sends an empty packet: what WireGuard does for a keepalive that is switched on. */
  async #nudge (endpoint?: Address): Promise<void> {
    const { device, keepaliveSecs } = this.#options
    const { publicKey, address } = this.#wanted
    const peer = { publicKey, address, ...endpoint !== undefined && { endpoint } }
    const seconds = keepaliveSecs === 0 ? [kickSecs, 0] : [0, keepaliveSecs]
    for (const keepaliveSecs of seconds) await device.setPeer({ ...peer, keepaliveSecs })
  }

  async #resolve ({ host, port }: Address): Promise<readonly Address[]> {
    const found = isIP(host) !== 0 ? host : await this.#options.resolve(host)
    return found === undefined ? [] : [{ host: found, port }]
  }
}
