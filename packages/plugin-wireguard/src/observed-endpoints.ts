import { createSocket, type Socket } from 'node:dgram'
import { describeError, type Address, type Clock, type Logger } from '@akshi/core'
import { MappingProbe } from './mapping-probe.ts'
import type { Sighting } from './nat-kind.ts'
import { readTold, writeTold } from './told-endpoints.ts'
import type { WgKey } from './tunnel-key.ts'
import { sameEndpoint } from './wg-peer.ts'

/** Inside the tunnels; WireGuard itself takes its own port inside too. */
const toldPort = 51_900
/** Kept so long after it was told last. */
const freshMs = 30_000
/** A datagram may be lost, and is when the session is newer here than there: news is told at each step for a while, then now and then. */
const eagerMs = 3_000
const repeatMs = 5_000
const maxPlaces = 8

/** A peer with a tunnel that works, and where its packets come from. */
export interface SeenPeer {
  readonly publicKey: WgKey
  /** Inside. */
  readonly address: string
  readonly endpoint: Address
  /** Of its session. */
  readonly lastHandshakeMs: number | undefined
}

export interface ObservedEndpointsOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Whether an address inside is that of a peer. */
  readonly isPeer: (address: string) => boolean
  /** Whether a tunnel to a key is wanted: of other keys nothing is kept. */
  readonly isWanted: (publicKey: WgKey) => boolean
  /** Something was told that was not known. */
  readonly heard: () => void
  /** A peer, by its address inside, waits for a handshake initiation at this port of its machine. */
  readonly probe: (address: string, port: number) => void
}

interface Told {
  readonly endpoint: Address
  readonly by: string
  readonly at: number
}

/**
 * Tells peers through their tunnels where this node sees them and the others, and hears it of them: whoever has a tunnel to two lets them
 * find each other through their NATs, and tells each what kind of NAT it is behind. A datagram of JSON to UDP port 51900 of a tunnel
 * address. Nothing is signed: what comes out of a tunnel with an address is from the holder of its key (cryptokey routing, WireGuard paper,
 * section 2), and nothing goes anywhere else. What is told is tried, never believed.
 */
export class ObservedEndpoints {
  readonly #options: ObservedEndpointsOptions
  readonly #probes: MappingProbe
  readonly #told = new Map<WgKey, readonly Told[]>()
  readonly #self = new Map<string, Sighting & { readonly toldAt: number }>()
  /** By tunnel address: what was told in which session, since when and when last. */
  readonly #sent = new Map<string, { readonly news: string, readonly since: number, readonly at: number }>()
  #socket: Socket | undefined
  #port = toldPort

  constructor (options: ObservedEndpointsOptions) {
    this.#options = options
    this.#probes = new MappingProbe(options.clock, () => options.heard())
  }

  /** Listens at this node's own tunnel address, at the port that all have. Rejects when it cannot, and leaves nothing open. */
  async open (own: string, port = toldPort): Promise<void> {
    this.#port = port
    const socket = createSocket('udp6')
    socket.on('message', (bytes, { address }) => this.#hear(bytes, address))
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close()
        reject(error)
      })
      socket.bind(port, own, resolve)
    })
    socket.removeAllListeners('error').on('error', (error) => {
      this.#options.logger.warnOnce('observed endpoints', 'where peers are seen cannot be told', { reason: describeError(error) })
    })
    this.#socket = socket
  }

  /** Where others have seen a peer lately, the latest first. */
  of (publicKey: WgKey): readonly Address[] {
    const now = this.#options.clock.monotonic()
    return (this.#told.get(publicKey) ?? []).filter(({ at }) => now - at < freshMs).sort((a, b) => b.at - a.at).map(({ endpoint }) => endpoint)
  }

  /** Where others have seen this node lately. */
  get self (): readonly Sighting[] {
    const now = this.#options.clock.monotonic()
    return [...this.#self.values()].filter(({ by, toldAt }) => now - toldAt < freshMs && this.#options.isPeer(by))
  }

  /** Tells each what it wants to know, if that is news to it or a while ago. `probes` says whether the peers' NATs can be tried from here. */
  tell (peers: readonly SeenPeer[], probes: boolean): void {
    const now = this.#options.clock.monotonic()
    this.#probes.keep(new Set(peers.map(({ address }) => address)))
    for (const { publicKey, address, endpoint, lastHandshakeMs } of peers) {
      const others = peers.filter((other) => other.publicKey !== publicKey)
      const text = writeTold({
        peers: others.map((other) => [other.publicKey, other.endpoint]),
        you: endpoint,
        ...probes && this.#probes.ask(address, endpoint)
      })
      const news = `${lastHandshakeMs} ${text}`
      const before = this.#sent.get(address)
      const since = before?.news === news ? before.since : now
      if (now - since > eagerMs && now - (before?.at ?? 0) < repeatMs) continue
      this.#sent.set(address, { news, since, at: now })
      this.#socket?.send(text, this.#port, address, () => {})       // lost ones are repeated
    }
  }

  async close (): Promise<void> {
    this.#probes.close()
    const socket = this.#socket
    this.#socket = undefined
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(() => resolve()))
  }

  #hear (bytes: Uint8Array, by: string): void {
    const { isPeer, isWanted, heard, probe } = this.#options
    if (!isPeer(by)) return
    const told = readTold(bytes)
    const isNews = [
      ...told.peers.filter(([publicKey]) => isWanted(publicKey)).map(([publicKey, endpoint]) => this.#note(publicKey, endpoint, by)),
      this.#noteSelf(told, by)
    ].includes(true)
    if (told.probe !== undefined) probe(by, told.probe)
    if (isNews) heard()
  }

  /** Returns whether nobody had said so. */
  #note (publicKey: WgKey, endpoint: Address, by: string): boolean {
    const isKnown = this.of(publicKey).some((known) => sameEndpoint(known, endpoint))
    const others = (this.#told.get(publicKey) ?? []).filter((told) => told.by !== by)
    this.#told.set(publicKey, [...others, { endpoint, by, at: this.#options.clock.monotonic() }].slice(-maxPlaces))
    return !isKnown
  }

  #noteSelf ({ you: at, also }: Pick<ReturnType<typeof readTold>, 'you' | 'also'>, by: string): boolean {
    if (at === undefined) return false
    const before = this.#self.get(by)
    this.#self.set(by, { by, at, ...also !== undefined && { also }, toldAt: this.#options.clock.monotonic() })
    return JSON.stringify([before?.at, before?.also]) !== JSON.stringify([at, also])
  }
}
