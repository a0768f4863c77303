import type { Did } from '@akshi/core'
import { Allowance } from './allowance.ts'
import { Browser, type BrowserOptions } from './browser.ts'
import { Echoes } from './echoes.ts'
import type { HeardService } from './heard-service.ts'
import type { LanInterface } from './lan-interface.ts'
import type { MdnsPacket, MdnsRecord, Multicast, MulticastSocket, PacketSource } from './multicast.ts'
import { NameProbe } from './name-probe.ts'
import type { OwnRecords } from './own-records.ts'
import { explainProblem, systemCode } from './problem.ts'
import { goodbye, isUnique } from './records.ts'
import { Responder } from './responder.ts'

/** What a channel asks for. */
export interface ChannelOptions extends Omit<BrowserOptions, 'send'> {
  readonly multicast: Multicast
  readonly port: number
  readonly own: OwnRecords
  /** Somebody else has a name of the records that were to be advertised. They are not; give it others. */
  readonly nameTaken: () => void
}

/** How a channel does. */
export interface ChannelTraffic {
  readonly sent: number
  /** What this machine itself sent, as it came back. */
  readonly heardOwn: number
  readonly heardOthers: number
}

const maxProbeDelayMs = 250
/** Answers to plain resolvers: who forges their addresses is to gain little. */
const alone = { most: 32, perSec: 16 }
/** For so long IPv6 may still be making sure that nobody else has its new address (RFC 4862 section 5.4). */
const tentativeMs = 3_000

/** mDNS on one interface in one family: a socket, a browser, a responder and its names. A packet that cannot be sent is logged and lost. */
export class Channel {
  readonly on: LanInterface
  readonly #options: ChannelOptions
  readonly #browser: Browser
  readonly #responder: Responder
  readonly #probe: NameProbe
  readonly #echoes = new Echoes()
  readonly #alone: Allowance
  readonly #traffic = { sent: 0, heardOwn: 0, heardOthers: 0 }
  #socket: MulticastSocket | undefined
  #wanted: readonly MdnsRecord[] = []
  #isStarted = false
  #isClosing = false
  #openedAt = 0

  constructor (options: ChannelOptions) {
    const send = (packet: MdnsPacket, to?: PacketSource) => this.#send(packet, to)
    this.on = options.on
    this.#options = options
    this.#browser = new Browser({ ...options, send })
    this.#responder = new Responder({ ...options, send })
    this.#probe = new NameProbe({ ...options, send })
    this.#alone = new Allowance(alone.most, alone.perSec, options.clock)
  }

  get traffic (): ChannelTraffic { return { ...this.#traffic } }

  /** What was heard of others. */
  get services (): readonly HeardService[] { return this.#browser.services }

  /** What it has announced; nothing while it waits for its name. */
  get advertised (): readonly MdnsRecord[] { return this.#responder.records }

  /** Joins the group. Rejects with the system's error, with nothing left open. */
  async open (): Promise<void> {
    const { multicast, port, clock } = this.#options
    this.#openedAt = clock.monotonic()
    this.#socket = await multicast.open(this.on, port, {
      packet: (packet, from) => this.#hear(packet, from),
      problem: (error) => this.#warn(error)
    })
  }

  /** Asks for nodes, answers, and reports what it hears, from now on. */
  start (): void {
    this.#isStarted = true
    this.#browser.start()
  }

  /** To be called about once a second. */
  tick (): Promise<void> {
    return this.#browser.tick()
  }

  /** See `Browser.doubt`. */
  doubt (did: Did): void {
    this.#browser.doubt(did)
  }

  /**
   * Advertises these records, once it is known that nobody else has their names; none takes back the former. Sends nothing
   * when nothing changed. Resolves when what is to be sent now was handed to the system.
   */
  async advertise (records: readonly MdnsRecord[], probeDelayMs?: number): Promise<void> {
    if (this.#isClosing || JSON.stringify(records) === JSON.stringify(this.#wanted)) return
    const hasNewNames = namesOf(records) !== namesOf(this.#wanted)
    this.#wanted = records
    this.#options.own.add(records)
    if (records.length === 0 || hasNewNames) {
      this.#probe.stop()
      await this.#responder.advertise([])
      if (this.#wanted.length > 0 && !this.#isClosing) this.#startProbe(probeDelayMs)
    } else if (this.#probe.isRunning) {
      this.#probe.amend(records)
    } else {
      await this.#responder.advertise(records)
    }
  }

  /** Takes records back that another channel had advertised here. */
  retract (records: readonly MdnsRecord[]): Promise<void> {
    return records.length === 0 ? Promise.resolve() : this.#send(goodbye(records))
  }

  /** Says goodbye, where that still goes, and closes the socket. */
  async close (): Promise<void> {
    this.#isClosing = true
    this.#browser.stop()
    this.#probe.stop()
    await this.#responder.advertise([])
    await this.#socket?.close()
  }

  #startProbe (delayMs = maxProbeDelayMs * this.#options.random.uniform()): void {
    const free = () => { void this.#responder.advertise(this.#wanted) }
    this.#probe.start(this.#wanted, { free, taken: this.#options.nameTaken }, delayMs)
  }

  #hear (packet: MdnsPacket, from: PacketSource): void {
    if (!this.#isStarted || this.#isClosing || !this.on.contains(from.address)) return
    const isOwn = this.on.hosts.includes(from.address.split('%')[0] ?? '')
    this.#traffic[isOwn ? 'heardOwn' : 'heardOthers']++
    if (isOwn && this.#echoes.take(packet)) return
    if (packet.type === 'query') this.#hearQuery(packet, from)
    else if (from.port === this.#options.port) this.#hearResponse(packet, from)    // RFC 6762 section 6
  }

  #hearQuery (query: MdnsPacket, from: PacketSource): void {
    if (from.port !== this.#options.port) {
      if (this.#alone.take()) void this.#responder.answerAlone(query, from)
      return
    }
    this.#probe.hear(query)
    const claims = query.authorities.filter((record) => !this.#options.own.has(record))
    if (claims.length > 0) void this.#responder.defend(claims)
    if (claims.length > 0 && this.#browser.hearClaims(query.authorities)) this.#responder.greet(from)
    this.#responder.answer(query, from)
  }

  #hearResponse (packet: MdnsPacket, from: PacketSource): void {
    this.#responder.hear(packet)
    if (this.#browser.hear(packet)) this.#responder.greet(from)
    if (this.#probe.isRunning) return this.#probe.hear(packet)
    if (!this.#options.own.contradict([...packet.answers, ...packet.additionals], this.#responder.records)) return
    this.#responder.fallSilent()                          // both ask again, and one of them yields (RFC 6762 section 9)
    this.#startProbe()
  }

  async #send (packet: MdnsPacket, to?: PacketSource): Promise<void> {
    this.#echoes.expect(packet)
    try {
      await this.#socket?.send(packet, to)
      this.#traffic.sent++
    } catch (error) {
      if (to === undefined && !this.#isClosing) this.#warn(error)
    }
  }

  #warn (error: unknown): void {
    const { port, logger, clock } = this.#options
    if (systemCode(error) === 'EADDRNOTAVAIL' && this.on.family === 6 && clock.monotonic() < this.#openedAt + tentativeMs) return
    const { key, message } = explainProblem(error, this.on, port)
    logger.warnOnce(`mdns-${key}-${this.on.name}-${this.on.family}`, message)
  }
}

function namesOf (records: readonly MdnsRecord[]): string {
  return [...new Set(records.filter(isUnique).map(({ name }) => name.toLowerCase()))].join(' ')
}
