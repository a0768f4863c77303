import { describeError, type Did, type PeerCandidate, type Service, type Timer, type Tunnels } from '@akshi/core'
import type { NatKind } from './nat-kind.ts'
import { NatWatch } from './nat-watch.ts'
import { ObservedEndpoints } from './observed-endpoints.ts'
import { tunnelAddress } from './tunnel-address.ts'
import type { TunnelAttempt } from './tunnel-attempt.ts'
import { wgKeyFromBytes, type TunnelKey, type WgKey } from './tunnel-key.ts'
import { TunnelSet, type TunnelSetOptions } from './tunnel-set.ts'
import type { WgDevice, WgSettings } from './wg-device.ts'

const stepMs = 200
/** A peer that is met through its tunnel is reported again after this, in case it was not there the first time. */
const reportAgainMs = 10_000

export interface TunnellerOptions extends Omit<TunnelSetOptions, 'nat'> {
  readonly tunnels: Tunnels
  readonly settings: Omit<WgSettings, 'privateKey' | 'address'>
  readonly readKey: () => Promise<TunnelKey>
  /** The device that this machine can make, or why it can make none. */
  readonly findDevice: (signal: AbortSignal) => Promise<WgDevice | string>
  /** Whether a host is an address of this machine. */
  readonly isOwn: (host: string) => boolean
  /** Whether a peer answers over the network, tunnel or not. */
  readonly isLinked: (did: Did) => boolean
  /** The announcement has changed. */
  readonly changed: () => void
}

/**
 * Keeps a tunnel to each trusted peer that has a key, and reports those that are met in theirs. Where no tunnel can be made the
 * node runs without, and says why.
 */
export class Tunneller implements Service {
  readonly #options: TunnellerOptions
  readonly #set: TunnelSet
  readonly #observed: ObservedEndpoints
  readonly #nat: NatWatch
  readonly #reported = new Map<Did, number>()
  #key: TunnelKey | undefined
  #device: WgDevice | undefined
  #whyNone: string | undefined
  #leave: (() => void) | undefined
  #report: ((candidate: PeerCandidate) => void) | undefined
  #timer: Timer | undefined
  #step: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor (options: TunnellerOptions) {
    this.#options = options
    this.#nat = new NatWatch({ ...options, changed: () => options.changed() })
    this.#set = new TunnelSet({ ...options, nat: () => this.nat })
    this.#observed = new ObservedEndpoints({
      ...options,
      isPeer: (host) => this.#set.at(host) !== undefined,
      isWanted: (key) => this.#set.has(key),
      heard: () => this.look(),
      probe: (address, port) => this.#answerProbe(address, port)
    })
  }

  /** The key that others need for a tunnel to this node; nothing while there is no device. */
  get publicKey (): WgKey | undefined {
    return this.#device === undefined ? undefined : this.#key?.publicKey
  }

  /** What is known of the NAT in front of this node. */
  get nat (): NatKind { return this.#nat.kind }

  /** Why this machine can make no tunnels. */
  get whyNone (): string | undefined { return this.#whyNone }

  /** From now on peers that are met in their tunnels are reported here; to nobody when it is left out. */
  reportTo (report?: (candidate: PeerCandidate) => void): void {
    this.#report = report
  }

  /** Looks after the tunnels at once, if that is not under way: who is trusted, or where one is, may have changed. */
  look (): void {
    if (this.#timer === undefined) return
    this.#timer.cancel()
    this.#wait(0)
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
    if (typeof found === 'string') {
      this.#whyNone = found
      return logger.warn('this node runs without tunnels', { reason: found })
    }
    this.#key = await readKey()
    const address = tunnelAddress(this.#key.publicKey)
    await found.open({ ...settings, privateKey: this.#key.privateKey, address }, signal)
    try {
      await this.#observed.open(address)
    } catch (error) {
      await found.close()
      throw error
    }
    this.#device = found
    this.#leave = tunnels.join({ own: [address], contains: (host) => this.#set.at(host) !== undefined, to: (did) => this.#set.statusOf(did) })
    logger.info('tunnels can be made', { interface: settings.name, address, key: this.#key.publicKey })
    changed()
    this.#wait()
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
    const own = this.publicKey
    if (device === undefined || own === undefined) return
    this.#set.want(device, own, (key) => this.#observed.of(key))
    await this.#set.step(device)
    for (const attempt of this.#set.up) this.#meet(attempt)
    this.#lookAtNat()
    this.#observed.tell(this.#set.up.flatMap(({ state, wanted: { publicKey, address } }) => {
      return state?.endpoint === undefined ? [] : [{ publicKey, address, endpoint: state.endpoint, lastHandshakeMs: state.lastHandshakeMs }]
    }), this.nat === 'none')
  }

  #lookAtNat (): void {
    const { isLinked } = this.#options
    this.#nat.look(this.#observed.self, this.#set.up.length > 0, () => {
      return this.#set.all.some(({ wanted: { did, endpoints, nat } }) => endpoints.length > 0 && nat !== 'blocked' && isLinked(did))
    })
  }

  /** A handshake with a key that nobody has goes out to where a peer waits for one; the next step takes that key out again. */
  #answerProbe (by: string, port: number): void {
    const { isUp = false, state } = this.#set.at(by) ?? {}
    const host = state?.endpoint?.host
    if (this.#device === undefined || !isUp || host === undefined) return
    const publicKey = wgKeyFromBytes(this.#options.random.bytes(32))
    this.#device.readd({ publicKey, address: tunnelAddress(publicKey), endpoint: { host, port }, keepaliveSecs: 0 }).catch((error: unknown) => {
      this.#options.logger.warnOnce('probe', 'the kind of NAT could not be tried', { reason: describeError(error) })
    })
  }

  #meet ({ wanted: { did, address: host, meshPort: port } }: TunnelAttempt): void {
    const now = this.#options.clock.monotonic()
    if (port === undefined || this.#report === undefined || now - (this.#reported.get(did) ?? -Infinity) < reportAgainMs) return
    this.#reported.set(did, now)
    this.#report({ did, addresses: [{ host, port }] })
  }
}
