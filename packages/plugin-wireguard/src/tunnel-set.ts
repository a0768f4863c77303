import { isIPv4 } from 'node:net'
import { describeError, type Address, type Clock, type Did, type Logger, type PeerBook, type Random, type TunnelStatus } from '@akshi/core'
import { whyNoTunnel, type NatKind } from './nat-kind.ts'
import { TunnelAttempt, type AttemptOptions } from './tunnel-attempt.ts'
import type { WgKey } from './tunnel-key.ts'
import { applyPlan, planPeers } from './tunnel-peers.ts'
import { wantedTunnel, type WantedTunnel } from './wanted-tunnel.ts'
import type { WgDevice, WgPeerState } from './wg-device.ts'

/** A tunnel that was tried in vain for so long gets a reason. */
const givenUpMs = 10_000

export interface TunnelSetOptions {
  readonly peerBook: PeerBook
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly keepaliveSecs: number
  readonly resolve: (host: string) => Promise<string | undefined>
  readonly isNear: (host: string) => boolean
  /** In front of this node. */
  readonly nat: () => NatKind
}

/** The tunnels that are wanted: one to each trusted peer that has a key. */
export class TunnelSet {
  readonly #options: TunnelSetOptions
  readonly #attempts = new Map<WgKey, TunnelAttempt>()
  /** Since when a tunnel is not up. */
  readonly #downSince = new Map<WgKey, number>()

  constructor (options: TunnelSetOptions) {
    this.#options = options
  }

  get all (): readonly TunnelAttempt[] { return [...this.#attempts.values()] }

  get up (): readonly TunnelAttempt[] { return this.all.filter(({ isUp }) => isUp) }

  has (key: WgKey): boolean { return this.#attempts.has(key) }

  /** The one whose other end has this address inside. */
  at (address: string): TunnelAttempt | undefined {
    return this.all.find(({ wanted }) => wanted.address === address)
  }

  /** The tunnel to a node, for people. */
  statusOf (did: Did): TunnelStatus | undefined {
    const attempt = this.all.find(({ wanted }) => wanted.did === did)
    if (attempt === undefined) return undefined
    const reason = attempt.isUp ? undefined : this.#whyDown(attempt.wanted)
    return { ...attempt.status, nat: { here: this.#options.nat(), there: attempt.wanted.nat }, ...reason !== undefined && { reason } }
  }

  /** Notes to whom tunnels of the `own` key are wanted, with where others see them, and forgets the others. Names are looked up meanwhile. */
  want (device: WgDevice, own: WgKey, seenAt: (key: WgKey) => readonly Address[]): void {
    const wanted = new Map(this.#options.peerBook.all().flatMap((peer) => wantedTunnel(peer) ?? []).map((tunnel) => [tunnel.publicKey, tunnel]))
    for (const key of this.#attempts.keys()) {
      if (wanted.has(key)) continue
      this.#attempts.delete(key)
      this.#downSince.delete(key)
    }
    for (const [key, tunnel] of wanted) {
      const attempt = this.#attempts.get(key) ?? new TunnelAttempt(tunnel, this.#attemptOptions(device, own, key))
      this.#attempts.set(key, attempt)
      attempt.want(tunnel, seenAt(key)).catch((error: unknown) => this.#options.logger.warnOnce(`name ${tunnel.did}`, 'where a peer is cannot be looked up', { reason: describeError(error) }))
    }
  }

  /** Brings the device in line with what is wanted, and tries those that are not up. */
  async step (device: WgDevice): Promise<void> {
    const { clock } = this.#options
    const states = await device.peers()
    await applyPlan(device, planPeers(this.all.map(({ desired }) => desired), states, clock.now()))
    for (const [key, attempt] of this.#attempts) {
      await attempt.step(stateOf(key, states))
      if (attempt.isUp) this.#downSince.delete(key)
      else if (!this.#downSince.has(key)) this.#downSince.set(key, clock.monotonic())
    }
  }

  #whyDown ({ publicKey, nat, endpoints }: WantedTunnel): string | undefined {
    const known = whyNoTunnel(this.#options.nat(), nat)
    if (known !== undefined) return known
    if (endpoints.length === 0) return 'nobody has said yet where it is'
    const downMs = this.#options.clock.monotonic() - (this.#downSince.get(publicKey) ?? Infinity)
    return downMs > givenUpMs ? 'no handshake comes through: it is off, or a firewall drops UDP' : undefined
  }

  /** Keepalives go out where something may close: not on one's own network, nor where this node is seen at its own IPv4 address. */
  #attemptOptions (device: WgDevice, own: WgKey, key: WgKey): AttemptOptions {
    const { keepaliveSecs, isNear, nat } = this.#options
    const isOpen = () => {
      const host = this.#attempts.get(key)?.state?.endpoint?.host
      return host !== undefined && (isNear(host) || (nat() === 'none' && isIPv4(host)))
    }
    return { ...this.#options, device, own, get keepaliveSecs () { return isOpen() ? 0 : keepaliveSecs } }
  }
}

function stateOf (key: WgKey, states: readonly WgPeerState[]): WgPeerState | undefined {
  return states.find(({ publicKey }) => publicKey === key)
}
