import type { Announcement, Clock, Did, Discovery, Logger, PeerCandidate, Random, SignedAnnouncement, Timer } from '@akshi/core'
import { Channel } from './channel.ts'
import { InterfaceSet } from './interface-set.ts'
import { isLinkLocal, type InterfaceSelection, type LanInterface } from './lan-interface.ts'
import { statusOf, type MdnsStatus } from './mdns-status.ts'
import type { MdnsRecord, Multicast } from './multicast.ts'
import { OwnRecords } from './own-records.ts'
import { recordsOf } from './records.ts'
import { ServiceName } from './service-name.ts'

/** What `MdnsDiscovery` asks for. */
export interface MdnsOptions {
  /** This node's own DID. */
  readonly did: Did
  readonly trusts: (did: Did) => boolean
  /** UDP port of the group. */
  readonly port: number
  readonly maxQueryIntervalMs: number
  /** Which interfaces to use; asked at the start and about once a second, since nobody tells when they change. */
  readonly interfaces: () => InterfaceSelection
  /** Whether the node can be dialled at its link-local addresses, which no announcement has. */
  readonly listensOnLinkLocal: boolean
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

const tickMs = 1_000
/** Who takes so many names from this node means it: from then on it is slow to try again (RFC 6762 section 8.1). */
const patientTurns = 15
const impatienceMs = 5_000

/**
 * Finds nodes on the local network and makes this one findable there, by DNS-SD over multicast DNS (RFC 6763, RFC 6762).
 * Promises little: packets get lost, and what it reports is a claim by anybody on the network. It never fails the node:
 * where multicast is not possible it says so once, and goes on as soon as it is.
 */
export class MdnsDiscovery implements Discovery {
  readonly #multicast: Multicast
  readonly #options: MdnsOptions
  readonly #own: OwnRecords
  readonly #set: InterfaceSet
  #report: (candidate: PeerCandidate) => void = () => {}
  #announcement: Announcement | undefined
  #name: ServiceName | undefined
  #timer: Timer | undefined
  #isStarted = false
  #isStopped = false

  constructor (multicast: Multicast, options: MdnsOptions) {
    this.#multicast = multicast
    this.#options = options
    this.#own = new OwnRecords(options.did)
    this.#set = new InterfaceSet({
      ...options,
      makeChannel: (on) => this.#makeChannel(on),
      opened: async (channel, former) => {
        if (!this.#isStarted) return
        channel.start()
        await channel.retract(former?.advertised ?? [])
        await this.#advertiseOn(channel)
      }
    })
  }

  /** Resolves when each interface that works is listened to, be it none. Rejects with `signal.reason` only. */
  async start (report: (candidate: PeerCandidate) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#report = report
    await this.#set.follow()
    if (signal.aborted) await this.stop()
    signal.throwIfAborted()
    this.#isStarted = true
    for (const channel of this.#set.channels) channel.start()
    this.#wait()
  }

  /** Resolves when what is to be sent now was handed to the system; a name that is new is announced some time later, if it is free. */
  async announce ({ announcement }: SignedAnnouncement): Promise<void> {
    this.#announcement = announcement
    this.#name ??= new ServiceName(announcement.name, this.#options.did)
    await this.#set.follow()                              // so that its addresses and the interfaces are of one time
    this.#warnOfDeafness(announcement)
    await this.#advertise()
  }

  async stop (): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#set.close()
  }

  /** A node does not answer any more: unless somebody says soon that it is there, it is forgotten here. */
  doubt (did: Did): void {
    for (const channel of this.#set.channels) channel.doubt(did)
  }

  /** What this node is called, where it listens, and what it has heard. */
  status (): MdnsStatus {
    return statusOf(this.#name, this.#set, this.#options.port)
  }

  #makeChannel (on: LanInterface): Channel {
    return new Channel({
      ...this.#options,
      on,
      multicast: this.#multicast,
      own: this.#own,
      report: (candidate) => this.#report(candidate),
      nameTaken: () => this.#rename(on)
    })
  }

  #wait (): void {
    if (!this.#isStopped) this.#timer = this.#options.clock.timer(tickMs, () => this.#tick())
  }

  async #tick (): Promise<void> {
    this.#wait()
    await this.#set.follow()
    if (!this.#isStopped) await Promise.all(this.#set.channels.map((channel) => channel.tick()))
  }

  async #advertise (probeDelayMs?: number): Promise<void> {
    await Promise.all(this.#set.channels.map((channel) => this.#advertiseOn(channel, probeDelayMs)))
  }

  async #advertiseOn (channel: Channel, probeDelayMs?: number): Promise<void> {
    await channel.advertise(this.#recordsFor(channel.on), probeDelayMs)
  }

  /** Only what belongs to the interface: no record of one network is ever heard on another. */
  #recordsFor (on: LanInterface): readonly MdnsRecord[] {
    const { did, listensOnLinkLocal } = this.#options
    if (this.#announcement === undefined || this.#name === undefined) return []
    const { name, seq, addresses, capabilities } = this.#announcement
    const own = addresses.filter(({ host }) => on.hosts.includes(host))
    const port = own[0]?.port ?? (listensOnLinkLocal ? addresses[0]?.port : undefined)
    const hosts = on.hosts.filter((host) => isLinkLocal(host) ? listensOnLinkLocal : own.some((address) => address.host === host && address.port === port))
    if (port === undefined || hosts.length === 0) return []
    return recordsOf({ label: this.#name.label, host: this.#name.host, did, name, seq, addresses: hosts, port, capabilities })
  }

  #warnOfDeafness ({ addresses }: Announcement): void {
    if (addresses.length === 0) return
    for (const { on } of this.#set.channels.filter(({ on }) => this.#recordsFor(on).length === 0)) {
      this.#options.logger.warnOnce(`mdns-unlisted-${on.name}`, `Not advertised over mDNS on ${on.name}: this node does not listen on ${on.address}. Let it listen there ([dashboard] bind), or leave ${on.name} out of the plugin's interfaces.`, { listens: addresses.map(({ host }) => host).join(',') })
    }
  }

  /** Channels share a name: all of them leave it at once, before another can hear that it is taken. */
  #rename (on: LanInterface): void {
    const name = this.#name
    if (name === undefined || this.#isStopped) return
    const taken = name.label
    name.rename()
    this.#options.logger.warnOnce(`mdns-name-${taken}`, `Another service on ${on.name} is called "${taken}": over mDNS this node is "${name.label}" now.`)
    void this.#advertise(name.turn > patientTurns ? impatienceMs : undefined)
  }
}
