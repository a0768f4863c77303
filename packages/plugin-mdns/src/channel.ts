import type { Announcement } from '@akshi/core'
import { Browser, type BrowserOptions } from './browser.ts'
import type { MdnsPacket, MdnsRecord, Multicast, MulticastSocket, PacketSource } from './multicast.ts'
import { explainProblem } from './problem.ts'
import { instanceLabel, recordsOf } from './records.ts'
import { Responder } from './responder.ts'

/** What a channel asks for. */
export interface ChannelOptions extends Omit<BrowserOptions, 'send'> {
  readonly multicast: Multicast
  readonly port: number
}

/** mDNS on one interface: a socket, a browser and a responder. A packet that cannot be sent is logged and lost. */
export class Channel {
  readonly #options: ChannelOptions
  readonly #browser: Browser
  readonly #responder: Responder
  #socket: MulticastSocket | undefined
  #advertised = JSON.stringify([])
  #started = false

  constructor (options: ChannelOptions) {
    this.#options = options
    const send = (packet: MdnsPacket) => this.#send(packet)
    this.#browser = new Browser({ ...options, send })
    this.#responder = new Responder({ ...options, send })
  }

  /** Joins the group. Rejects with the system's error, with nothing left open. */
  async open (): Promise<void> {
    const { multicast, on, port } = this.#options
    this.#socket = await multicast.open(on, port, {
      packet: (packet, from) => this.#hear(packet, from),
      problem: (error) => this.#warn(error)
    })
  }

  /** Asks for nodes, answers, and reports what it hears, from now on. */
  start (): void {
    this.#started = true
    this.#browser.start()
  }

  /**
   * Advertises the node at this interface's own address, if that is one of the announcement's; no other address is ever
   * advertised here. Sends nothing when nothing changed. Resolves when the packets were handed to the system.
   */
  async announce (announcement: Announcement): Promise<void> {
    const records = this.#recordsFor(announcement)
    const advertised = JSON.stringify(records)
    if (advertised === this.#advertised) return
    this.#advertised = advertised
    await this.#responder.advertise(records)
  }

  /** Says goodbye and closes the socket. */
  async close (): Promise<void> {
    this.#browser.stop()
    await this.#responder.advertise([])
    await this.#socket?.close()
  }

  #recordsFor ({ name, did, addresses }: Announcement): readonly MdnsRecord[] {
    const { on, logger } = this.#options
    const own = addresses.find(({ host }) => host === on.address)
    if (own !== undefined) return recordsOf({ label: instanceLabel(name, did), did, address: own.host, port: own.port })
    if (addresses.length > 0) {
      logger.warnOnce(`mdns-unlisted-${on.address}`, `Not advertised over mDNS on ${on.name}: this node does not listen on ${on.address}. Let it listen there ([dashboard] bind), or leave ${on.name} out of the plugin's interfaces.`, { listens: addresses.map(({ host }) => host).join(',') })
    }
    return []
  }

  /** Responses count only from the group's port: RFC 6762 section 6. */
  #hear (packet: MdnsPacket, from: PacketSource): void {
    const { on, port } = this.#options
    if (!this.#started || !on.contains(from.address)) return
    if (packet.type === 'query') this.#responder.answer(packet)
    else if (from.port === port) this.#browser.hear(packet)
  }

  async #send (packet: MdnsPacket): Promise<void> {
    try {
      await this.#socket?.send(packet)
    } catch (error) {
      this.#warn(error)
    }
  }

  #warn (error: unknown): void {
    const { on, port, logger } = this.#options
    const { key, message } = explainProblem(error, on, port)
    logger.warnOnce(`mdns-${key}-${on.address}`, message)
  }
}
