import type { Address, Clock, Random, Timer } from '@akshi/core'
import type { WgPeer, WgPeerState } from '@akshi/plugin-wireguard'
import { sameEndpoint } from '../../packages/plugin-wireguard/src/wg-peer.ts'

interface Session { readonly id: number, readonly isInitiator: boolean, readonly at: number }
type Packet = { readonly kind: 'initiation', readonly id: number, readonly at: number } | { readonly kind: 'response', readonly to: number, readonly session: number } |
  { readonly kind: 'data', readonly session: number, readonly bytes: number }

export interface Weather {
  /** Of each packet, each way: 0 to 1. */
  readonly loss: number
  readonly rttMs: number
}

/** A network that loses packets, delays them and lets some overtake others, seeded. */
export class ModelNetwork {
  readonly clock: Clock
  readonly random: Random
  weather: Weather
  readonly #ends: { readonly place: Address, readonly take: (packet: Packet, from: Address) => void }[] = []
  #ids = 0

  constructor (clock: Clock, random: Random, weather: Weather) {
    this.clock = clock
    this.random = random
    this.weather = weather
  }

  id (): number { return ++this.#ids }

  join (place: Address, take: (packet: Packet, from: Address) => void): void {
    this.#ends.push({ place, take })
  }

  send (packet: Packet, from: Address, to: Address): void {
    if (this.random.uniform() < this.weather.loss) return
    const end = this.#ends.find(({ place }) => sameEndpoint(place, to))
    this.clock.timer(this.weather.rttMs / 2 * (0.9 + this.random.uniform() / 5), () => end?.take(packet, from))
  }
}

const sizes = { initiation: 148, response: 92, data: 32 }
const [rekeyMs, keepaliveMs, rejectMs, renewMs, mappingMs] = [5_000, 10_000, 180_000, 120_000, 30_000]

/**
 * One end of WireGuard with one peer, as wireguard-go and Linux do it, without the cryptography: one handshake at a time, in which what comes
 * replaces what was begun (so that two that cross are both lost); a session that the answering end takes for its own with the first packet
 * in it; the timers of section 6 of the WireGuard paper.
 */
export class ModelDevice {
  readonly network: ModelNetwork
  readonly place: Address
  /** What a packet with something in it is answered with. */
  onData: (bytes: number) => void = () => {}
  #peer: ModelPeer | undefined
  /** A NAT that keeps ports, and lets in who was written to. */
  readonly #written = new Map<string, number>()

  constructor (network: ModelNetwork, place: Address, isFiltered: boolean) {
    this.network = network
    this.place = place
    network.join(place, (packet, from) => {
      const writtenAt = this.#written.get(`${from.host} ${from.port}`) ?? -Infinity
      if (!isFiltered || network.clock.monotonic() - writtenAt < mappingMs) this.#peer?.receive(packet, from)
    })
  }

  readonly peers = async (): Promise<readonly WgPeerState[]> => this.#peer === undefined ? [] : [this.#peer.state]
  readonly setPeer = async (peer: WgPeer): Promise<void> => { (this.#peer ??= new ModelPeer(this)).set(peer) }
  readonly removePeer = async (): Promise<void> => {
    this.#peer?.stop()
    this.#peer = undefined
  }

  readonly readd = async (peer: WgPeer): Promise<void> => {
    await this.removePeer()
    await this.setPeer({ ...peer, keepaliveSecs: peer.keepaliveSecs || 25 })
    await this.setPeer(peer)
  }

  /** Sends something through the tunnel, as soon as there is one. */
  write (bytes: number): void { this.#peer?.write(bytes) }

  get sendsIn (): number | undefined { return this.#peer?.sendsIn }
  takesIn (session: number): boolean { return this.#peer?.takesIn(session) ?? false }

  transmit (packet: Packet, to: Address): void {
    this.#written.set(`${to.host} ${to.port}`, this.network.clock.monotonic())
    this.network.send(packet, this.place, to)
  }
}

/** True when what either end sends now is taken by the other. */
export function agree (one: ModelDevice, other: ModelDevice): boolean {
  return one.sendsIn !== undefined && other.takesIn(one.sendsIn) && other.sendsIn !== undefined && one.takesIn(other.sendsIn)
}

class ModelPeer {
  readonly #device: ModelDevice
  readonly #timers = new Map<string, Timer>()
  #settings: WgPeer | undefined
  #endpoint: Address | undefined
  #counted: Pick<WgPeerState, 'rxBytes' | 'txBytes' | 'lastHandshakeMs'> = { rxBytes: 0, txBytes: 0 }
  #staged: number[] = []
  #initiation: number | undefined
  #shookAt = -Infinity
  #latestTaken = -Infinity
  #current: Session | undefined
  #previous: Session | undefined
  #next: Session | undefined

  constructor (device: ModelDevice) {
    this.#device = device
  }

  get state (): WgPeerState {
    const { keepaliveSecs, address, publicKey } = this.#settings as WgPeer
    return { publicKey, address, keepaliveSecs, ...this.#counted, ...this.#endpoint !== undefined && { endpoint: this.#endpoint } }
  }

  get sendsIn (): number | undefined { return this.#current?.id }
  takesIn (id: number): boolean { return [this.#current, this.#previous, this.#next].some((session) => session?.id === id) }

  set (peer: WgPeer): void {
    const wasSilent = (this.#settings?.keepaliveSecs ?? 0) === 0
    this.#settings = peer
    this.#endpoint = peer.endpoint ?? this.#endpoint
    if (wasSilent && peer.keepaliveSecs > 0) this.#keepAlive()
  }

  stop (): void {
    for (const timer of this.#timers.values()) timer.cancel()
  }

  write (bytes: number): void {
    this.#staged.push(bytes)
    this.#flush()
  }

  receive (packet: Packet, from: Address): void {
    if (packet.kind === 'initiation') this.#answer(packet, from)
    else if (packet.kind === 'response') this.#finish(packet, from)
    else this.#take(packet, from)
  }

  /** An older initiation than the latest is not taken, nor one within 20 ms of it. */
  #answer ({ id, at }: Packet & { kind: 'initiation' }, from: Address): void {
    if (at < this.#latestTaken + 20) return
    this.#latestTaken = at
    this.#hear('initiation', 0, from)
    this.#initiation = undefined
    this.#previous = undefined
    this.#next = { id: this.#device.network.id(), isInitiator: false, at: this.#now }
    this.#shookAt = this.#now
    this.#transmit({ kind: 'response', to: id, session: this.#next.id })
  }

  #finish ({ to, session }: Packet & { kind: 'response' }, from: Address): void {
    if (to !== this.#initiation) return
    this.#hear('response', 0, from)
    this.#initiation = undefined
    this.#previous = this.#next ?? this.#current
    this.#next = undefined
    this.#current = { id: session, isInitiator: true, at: this.#now }
    this.#completed()
    this.#keepAlive()
  }

  #take ({ session, bytes }: Packet & { kind: 'data' }, from: Address): void {
    if (!this.takesIn(session)) return
    this.#hear('data', bytes, from)
    if (session === this.#next?.id) {
      this.#previous = this.#current
      this.#current = this.#next
      this.#next = undefined
      this.#completed()
      this.#flush()
    }
    this.#stopTimer('unanswered')
    if (bytes === 0) return
    this.#timer('answer', keepaliveMs, () => this.#keepAlive())
    this.#device.onData(bytes)
  }

  #completed (): void {
    this.#stopTimer('again')
    this.#counted = { ...this.#counted, lastHandshakeMs: this.#device.network.clock.now() }
  }

  #keepAlive (): void {
    if (this.#staged.length === 0) this.#staged.push(0)
    this.#flush()
  }

  #flush (): void {
    const session = this.#current
    if (session === undefined || this.#now - session.at >= rejectMs) return this.#initiate()
    for (const bytes of this.#staged.splice(0)) {
      this.#transmit({ kind: 'data', session: session.id, bytes })
      this.#stopTimer('answer')
      if (bytes > 0) this.#timer('unanswered', keepaliveMs + rekeyMs, () => this.#initiate())
    }
    if (session.isInitiator && this.#now - session.at > renewMs) this.#initiate()
  }

  #initiate (): void {
    if (this.#now - this.#shookAt < rekeyMs) return
    this.#shookAt = this.#now
    this.#initiation = this.#device.network.id()
    this.#transmit({ kind: 'initiation', id: this.#initiation, at: this.#now })
    this.#stopTimer('again')
    this.#timer('again', rekeyMs + this.#device.network.random.uniform() * 334, () => this.#initiate())
  }

  #transmit (packet: Packet): void {
    if (this.#endpoint === undefined) return
    this.#counted = { ...this.#counted, txBytes: this.#counted.txBytes + sizeOf(packet) }
    this.#postpone()
    this.#device.transmit(packet, this.#endpoint)
  }

  #hear (kind: Packet['kind'], bytes: number, from: Address): void {
    this.#endpoint = from
    this.#counted = { ...this.#counted, rxBytes: this.#counted.rxBytes + sizes[kind] + bytes }
    this.#postpone()
  }

  /** Keepalives are for a tunnel in which nothing goes either way. */
  #postpone (): void {
    this.#stopTimer('keepalive')
    const { keepaliveSecs = 0 } = this.#settings ?? {}
    if (keepaliveSecs > 0) this.#timer('keepalive', keepaliveSecs * 1_000, () => this.#keepAlive())
  }

  /** Unless it runs already. */
  #timer (name: string, afterMs: number, run: () => void): void {
    if (this.#timers.has(name)) return
    this.#timers.set(name, this.#device.network.clock.timer(afterMs, () => {
      this.#timers.delete(name)
      run()
    }))
  }

  #stopTimer (name: string): void {
    this.#timers.get(name)?.cancel()
    this.#timers.delete(name)
  }

  get #now (): number { return this.#device.network.clock.monotonic() }
}

function sizeOf (packet: Packet): number {
  return sizes[packet.kind] + (packet.kind === 'data' ? packet.bytes : 0)
}
