import { describeError, type Clock, type Did, type Logger, type PeerBook, type PeerCandidate, type Random, type Service, type Timer, type Tunnels, type TunnelStatus } from '@akshi/core'
import { ObservedEndpoints } from './observed-endpoints.ts'
import { TunnelAttempt } from './tunnel-attempt.ts'
import { tunnelAddress } from './tunnel-address.ts'
import type { TunnelKey, WgKey } from './tunnel-key.ts'
import { applyPlan, planPeers } from './tunnel-peers.ts'
import { wantedTunnel } from './wanted-tunnel.ts'
import type { WgDevice, WgSettings } from './wg-device.ts'

const stepMs = 300
/** A peer that is met through its tunnel is reported again after this, in case it was not there the first time. */
const reportAgainMs = 10_000

export interface TunnellerOptions {
  readonly peerBook: PeerBook
  readonly tunnels: Tunnels
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly settings: Omit<WgSettings, 'privateKey' | 'address'>
  readonly keepaliveSecs: number
  readonly readKey: () => Promise<TunnelKey>
  /** The device that this machine can make, or why it can make none. */
  readonly findDevice: (signal: AbortSignal) => Promise<WgDevice | string>
  readonly resolve: (host: string) => Promise<string | undefined>
  /** Whether a host is on a network that this machine is on. */
  readonly isNear: (host: string) => boolean
  /** The announcement has changed. */
  readonly changed: () => void
}

/**
 * Keeps a tunnel to each trusted peer that has a key, and reports those that are met in theirs. Where no tunnel can be made the
 * node runs without, and says why.
 */
export class Tunneller implements Service {
  readonly #options: TunnellerOptions
  readonly #attempts = new Map<WgKey, TunnelAttempt>()
  readonly #reported = new Map<Did, number>()
  readonly #observed: ObservedEndpoints
  #key: TunnelKey | undefined
  #device: WgDevice | undefined
  #leave: (() => void) | undefined
  #report: ((candidate: PeerCandidate) => void) | undefined
  #timer: Timer | undefined
  #step: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor (options: TunnellerOptions) {
    this.#options = options
    this.#observed = new ObservedEndpoints(options.clock, options.logger, () => this.#soon())
  }

  /** The key that others need for a tunnel to this node; nothing while there is no device. */
  get publicKey (): WgKey | undefined {
    return this.#device === undefined ? undefined : this.#key?.publicKey
  }

  /** From now on peers that are met in their tunnels are reported here; to nobody when it is left out. */
  reportTo (report?: (candidate: PeerCandidate) => void): void {
    this.#report = report
  }

  async stop (): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#step
    this.#leave?.()
    await this.#observed.close()
    const device = this.#device
    this.#device = undefined
    await device?.close()
  }

  /** Resolves when the device is there, or when it is clear that there can be none. Throws as `WgDevice.open`, and for a key that cannot be used. */
  async start (signal: AbortSignal): Promise<void> {
    const { settings, tunnels, logger, readKey, findDevice, changed } = this.#options
    const found = await findDevice(signal)
    if (typeof found === 'string') return logger.warn('this node runs without tunnels', { reason: found })
    this.#key = await readKey()
    const address = tunnelAddress(this.#key.publicKey)
    await found.open({ ...settings, privateKey: this.#key.privateKey, address }, signal)
    try {
      await this.#observed.open(address, (host) => this.#contains(host), (key) => this.#attempts.has(key))
    } catch (error) {
      await found.close()
      throw error
    }
    this.#device = found
    this.#leave = tunnels.join({ own: [address], contains: (host) => this.#contains(host), to: (did) => this.#statusOf(did) })
    logger.info('tunnels can be made', { interface: settings.name, address, key: this.#key.publicKey })
    changed()
    this.#wait()
  }

  #statusOf (did: Did): TunnelStatus | undefined {
    return [...this.#attempts.values()].find(({ wanted }) => wanted.did === did)?.status
  }

  #contains (host: string): boolean {
    return [...this.#attempts.values()].some(({ wanted: { address } }) => address === host)
  }

  /** Looks after the tunnels at once, if that is not under way. */
  #soon (): void {
    if (this.#timer === undefined) return
    this.#timer.cancel()
    this.#wait(0)
  }

  #wait (ms = stepMs): void {
    if (this.#isStopped) return
    this.#timer = this.#options.clock.timer(ms, () => {
      this.#timer = undefined
      this.#step = this.#stepAll().catch((error: unknown) => {
        this.#options.logger.warnOnce(describeError(error), 'tunnels could not be looked after', { reason: describeError(error) })
      }).finally(() => this.#wait())
    })
  }

  async #stepAll (): Promise<void> {
    const device = this.#device
    if (device === undefined) return
    await this.#want(device)
    const states = await device.peers()
    await applyPlan(device, planPeers([...this.#attempts.values()].map(({ desired }) => desired), states, this.#options.clock.now()))
    for (const [key, attempt] of this.#attempts) {
      await attempt.step(states.find(({ publicKey }) => publicKey === key))
      if (attempt.isUp) this.#meet(attempt)
    }
    this.#observed.tell([...this.#attempts.values()].flatMap(({ isUp, state, wanted: { publicKey, address } }) => {
      return isUp && state?.endpoint !== undefined ? [{ publicKey, address, endpoint: state.endpoint, lastHandshakeMs: state.lastHandshakeMs }] : []
    }))
  }

  /** Notes to whom tunnels are wanted, and forgets the others. */
  async #want (device: WgDevice): Promise<void> {
    const wanted = new Map(this.#options.peerBook.all().flatMap((peer) => wantedTunnel(peer) ?? []).map((tunnel) => [tunnel.publicKey, tunnel]))
    for (const [key, { wanted: { did } }] of this.#attempts) {
      if (wanted.has(key)) continue
      this.#attempts.delete(key)
      this.#reported.delete(did)
    }
    for (const [key, tunnel] of wanted) {
      const attempt = this.#attempts.get(key) ?? new TunnelAttempt(tunnel, { ...this.#options, device })
      this.#attempts.set(key, attempt)
      await attempt.want(tunnel, this.#observed.of(key))
    }
  }

  #meet ({ wanted: { did, address: host, meshPort: port } }: TunnelAttempt): void {
    const now = this.#options.clock.monotonic()
    if (port === undefined || this.#report === undefined || now - (this.#reported.get(did) ?? -Infinity) < reportAgainMs) return
    this.#reported.set(did, now)
    this.#report({ did, addresses: [{ host, port }] })
  }
}
