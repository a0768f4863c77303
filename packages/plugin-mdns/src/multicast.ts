import type { LanInterface } from './lan-interface.ts'

interface RecordOf<Type extends string, Data> {
  readonly name: string
  readonly type: Type
  /** Seconds; 0 takes the record back. */
  readonly ttl: number
  /** The cache-flush bit (RFC 6762 section 10.2): this record replaces what was known. */
  readonly flush: boolean
  readonly data: Data
}

/** A DNS record, of the types that DNS-SD needs. */
export type MdnsRecord =
  | RecordOf<'PTR', string>
  | RecordOf<'SRV', { readonly target: string, readonly port: number }>
  | RecordOf<'TXT', readonly string[]>
  | RecordOf<'A', string>
  | RecordOf<'AAAA', string>

/** A question; the type is any DNS type by name. */
export interface MdnsQuestion {
  readonly name: string
  readonly type: string
}

/**
 * A message of multicast DNS. In a query the answers are what the asker knows already, and the authorities what it means
 * to claim (RFC 6762 section 8.2).
 */
export interface MdnsPacket {
  readonly type: 'query' | 'response'
  /** 0, but where a resolver that knows only unicast DNS asks and is answered. */
  readonly id: number
  /** More known answers follow in the next packet of the same asker. */
  readonly truncated: boolean
  readonly questions: readonly MdnsQuestion[]
  readonly answers: readonly MdnsRecord[]
  readonly authorities: readonly MdnsRecord[]
  readonly additionals: readonly MdnsRecord[]
}

/** The UDP source of a packet: a claim, as anybody may write any address there. */
export interface PacketSource {
  readonly address: string
  readonly port: number
}

/** What a socket tells its owner; neither call may throw. */
export interface MulticastListener {
  packet (packet: MdnsPacket, from: PacketSource): void
  /** Something that is not a DNS message arrived, or the socket met a problem and lives on. */
  problem (error: unknown): void
}

/** A socket in the multicast group on one interface. It may lose, repeat and reorder packets, and hears its own. */
export interface MulticastSocket {
  /** Sends to the group, or to one that asked. Resolves when the packet was handed to the system; rejects with the system's error. */
  send (packet: MdnsPacket, to?: PacketSource): Promise<void>
  /** Resolves when the socket is closed; nothing is heard from then on. */
  close (): Promise<void>
}

/** The one port of this plugin to the network. */
export interface Multicast {
  /**
   * Joins the group of the interface's family: 224.0.0.251 or ff02::fb. Packets whose source is on no network of the
   * interface are not heard. Rejects with the system's error, for instance `EADDRINUSE`.
   */
  open (on: LanInterface, port: number, listener: MulticastListener): Promise<MulticastSocket>
}
