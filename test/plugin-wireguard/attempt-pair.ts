import type { Address, Random } from '@akshi/core'
import { tunnelAddress, tunnelKeyFromPrivate, type WgDevice, type WgKey } from '@akshi/plugin-wireguard'
import { seededIdentity, seededRandom, VirtualClock } from '@akshi/testkit'
import { TunnelAttempt } from '../../packages/plugin-wireguard/src/tunnel-attempt.ts'
import { agree, ModelDevice, ModelNetwork, type Weather } from './wireguard-model.ts'

export interface PairOptions {
  readonly weather: Weather
  /** Whether each end is behind a NAT that lets in only who was written to. */
  readonly isFiltered?: boolean
  /** Whether each end knows where the other is. */
  readonly knows?: readonly [boolean, boolean]
  /** How many places, where nobody is, each end tries as well. */
  readonly wrongPlaces?: number
  readonly keepaliveSecs?: number
  /** Whether an end writes something, which is answered, when it is up. */
  readonly isUsed?: boolean
}

const stepMs = 300
const keys = [1, 2].map((seed) => tunnelKeyFromPrivate(new Uint8Array(32).fill(seed)).publicKey) as [WgKey, WgKey]
const places: readonly [Address, Address] = [{ host: '198.51.100.1', port: 51_820 }, { host: '198.51.100.2', port: 51_820 }]

/** One end: the attempt under test, over a model of WireGuard, looked after as the plugin does. */
export class AttemptEnd {
  readonly device: ModelDevice
  attempt: TunnelAttempt
  readonly #network: ModelNetwork
  readonly #other: 0 | 1
  readonly #options: PairOptions
  readonly #knows: boolean
  isRunning = false
  /** How often it added the other anew. */
  readds = 0

  constructor (network: ModelNetwork, own: 0 | 1, options: PairOptions) {
    this.#network = network
    this.#options = options
    this.#other = own === 0 ? 1 : 0
    this.#knows = options.knows?.[own] ?? true
    this.device = new ModelDevice(network, places[own], options.isFiltered ?? false)
    this.device.onData = (bytes) => { if (bytes === 80) this.device.write(100) }
    this.attempt = this.#makeAttempt()
  }

  get #wanted () {
    const publicKey = keys[this.#other]
    const wrong = Array.from({ length: this.#options.wrongPlaces ?? 0 }, (_, index) => ({ host: `203.0.113.${index + 1}`, port: 51_820 }))
    const endpoints = this.#knows ? [...wrong, places[this.#other]] : wrong
    return { did: seededIdentity(this.#other).did, name: 'other', publicKey, address: tunnelAddress(publicKey), endpoints, meshPort: 3210, nat: 'unknown' as const }
  }

  #makeAttempt (): TunnelAttempt {
    const { clock, random } = this.#network
    const readd: WgDevice['readd'] = async (peer) => {
      this.readds++
      await this.device.readd(peer)
    }
    const device = { peers: this.device.peers, setPeer: this.device.setPeer, readd } as unknown as WgDevice
    const own = keys[this.#other === 0 ? 1 : 0]
    return new TunnelAttempt(this.#wanted, { device, own, clock, random, keepaliveSecs: this.#keepaliveSecs, resolve: async () => undefined, isNear: () => false })
  }

  get #keepaliveSecs (): number { return this.#options.keepaliveSecs ?? 25 }

  /** Begins a new life, that knows no sessions. */
  async start (): Promise<void> {
    await this.device.removePeer()
    this.attempt = this.#makeAttempt()
    this.isRunning = true
    const { publicKey, address } = this.#wanted
    await this.attempt.want(this.#wanted, [])
    await this.device.setPeer({ publicKey, address, keepaliveSecs: this.#keepaliveSecs })
    await this.#step(this.attempt)
  }

  async stop (): Promise<void> {
    this.isRunning = false
    await this.device.removePeer()
  }

  async #step (attempt: TunnelAttempt): Promise<void> {
    if (!this.isRunning || attempt !== this.attempt) return
    const wasUp = attempt.isUp
    await attempt.want(this.#wanted, [])
    await attempt.step((await this.device.peers())[0])
    if (this.#options.isUsed === true && attempt.isUp && !wasUp) this.device.write(80)
    this.#network.clock.timer(stepMs + this.#network.random.uniform() * 10, () => { void this.#step(attempt) })
  }
}

/** Two ends that want a tunnel to each other. */
export class AttemptPair {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly network: ModelNetwork
  readonly ends: readonly [AttemptEnd, AttemptEnd]

  constructor (seed: number, options: PairOptions) {
    this.random = seededRandom(seed)
    this.network = new ModelNetwork(this.clock, this.random, options.weather)
    this.ends = [new AttemptEnd(this.network, 0, options), new AttemptEnd(this.network, 1, options)]
  }

  /** Starts one end, and the other up to so many milliseconds later. */
  async start (withinMs: number): Promise<void> {
    const [first, second] = this.random.uniform() < 0.5 ? this.ends : this.ends.toReversed() as [AttemptEnd, AttemptEnd]
    await first.start()
    await this.clock.advance(this.random.uniform() * withinMs)
    await second.start()
  }

  /** Both count it as up, and what either sends is taken by the other. */
  get works (): boolean {
    const [one, other] = this.ends
    return one.attempt.isUp && other.attempt.isUp && agree(one.device, other.device)
  }

  /** Milliseconds until it works, or until the limit. */
  async worksAfter (limitMs: number): Promise<number> {
    const startedAt = this.clock.monotonic()
    while (!this.works && this.clock.monotonic() - startedAt < limitMs) await this.clock.advance(50)
    return this.clock.monotonic() - startedAt
  }

  /** The share of the time in which something holds. */
  async share (ms: number, check: () => boolean): Promise<number> {
    let held = 0
    for (let passed = 0; passed < ms; passed += 200) {
      await this.clock.advance(200)
      if (check()) held++
    }
    return held / (ms / 200)
  }
}
