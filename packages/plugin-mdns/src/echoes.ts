import type { MdnsPacket } from './multicast.ts'

const maxKept = 8

/** The questions of this node that have not come back to it yet: multicast is heard by whoever sends it, and need not be answered by him. */
export class Echoes {
  #sent: readonly string[] = []

  /** Notes a packet that is about to be sent. */
  expect (packet: MdnsPacket): void {
    if (packet.type === 'query') this.#sent = [...this.#sent, JSON.stringify(packet)].slice(-maxKept)
  }

  /** Whether a packet is one of them, which then has come. Another node of this machine may ask the very same: of two, one is this one's. */
  take (packet: MdnsPacket): boolean {
    const at = packet.type === 'query' ? this.#sent.indexOf(JSON.stringify(packet)) : -1
    this.#sent = this.#sent.filter((_, index) => index !== at)
    return at >= 0
  }
}
