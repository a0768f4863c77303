import type { LanInterface } from '../../packages/plugin-mdns/src/lan-interface.ts'
import type { MdnsPacket, Multicast, MulticastListener, MulticastSocket, PacketSource } from '../../packages/plugin-mdns/src/multicast.ts'
import type { FakeClock } from './fake-clock.ts'

/** A packet that was sent, with its time and sender. */
export interface SentPacket {
  readonly atMs: number
  readonly from: string
  readonly packet: MdnsPacket
  /** Where to, if not to the group. */
  readonly to?: PacketSource
}

/** A network in memory: each socket hears every packet, its own too, as on the loopback of one machine. */
export class MemoryLan implements Multicast {
  readonly sent: SentPacket[] = []
  readonly #clock: FakeClock
  readonly #listeners = new Set<MulticastListener>()
  readonly #refused: ReadonlyMap<string, Error>

  /** Opening a socket on an address in `refused` rejects with its error. */
  constructor (clock: FakeClock, refused: ReadonlyMap<string, Error> = new Map()) {
    this.#clock = clock
    this.#refused = refused
  }

  /** Sockets that are open now. */
  get sockets (): number {
    return this.#listeners.size
  }

  async open (on: LanInterface, port: number, listener: MulticastListener): Promise<MulticastSocket> {
    const error = this.#refused.get(on.address)
    if (error !== undefined) throw error
    this.#listeners.add(listener)
    return {
      send: async (packet, to) => {
        this.sent.push({ atMs: this.#clock.monotonic(), from: on.address, packet, ...to !== undefined && { to } })
        if (to === undefined) this.deliver(packet, { address: on.address, port })
      },
      close: async () => { this.#listeners.delete(listener) }
    }
  }

  /** Lets everybody hear a packet, as if `from` had sent it. */
  deliver (packet: MdnsPacket, from: PacketSource): void {
    for (const listener of this.#listeners) listener.packet(structuredClone(packet), from)
  }
}
