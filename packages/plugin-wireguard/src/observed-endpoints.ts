import { createSocket, type Socket } from 'node:dgram'
import { describeError, type Address, type Clock, type Logger } from '@akshi/core'
import { parseWgKey, type WgKey } from './tunnel-key.ts'
import { isOutside } from './wanted-tunnel.ts'
import { formatEndpoint, parseEndpoint, sameEndpoint } from './wg-peer.ts'

/** Inside the tunnels; WireGuard itself takes its own port inside too. */
const port = 51_900
/** Kept so long after it was told last. */
const freshMs = 30_000
/** A datagram may be lost, and is when the session is newer here than there: news is told at each step for a while, then now and then. */
const eagerMs = 3_000
const repeatMs = 5_000
const maxTold = 200
const maxPlaces = 8
const maxBytes = 16_384

/** A peer with a tunnel that works, and where its packets come from. */
export interface SeenPeer {
  readonly publicKey: WgKey
  /** Inside. */
  readonly address: string
  readonly endpoint: Address
  /** Of its session. */
  readonly lastHandshakeMs: number | undefined
}

interface Told {
  readonly endpoint: Address
  readonly by: string
  readonly at: number
}

/**
 * Tells peers through their tunnels where this node sees the others, and hears it of them: whoever has a tunnel to two lets them find each
 * other through their NATs. A datagram of JSON, `[[key, endpoint], ...]`, to UDP port 51900 of a tunnel address. Nothing is signed:
 * what comes out of a tunnel with an address is from the holder of its key (cryptokey routing, WireGuard paper, section 2), and nothing
 * goes anywhere else. What is told is tried, never believed.
 */
export class ObservedEndpoints {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #heard: () => void
  readonly #told = new Map<WgKey, readonly Told[]>()
  /** By tunnel address: what was told in which session, since when and when last. */
  readonly #sent = new Map<string, { readonly news: string, readonly since: number, readonly at: number }>()
  #socket: Socket | undefined
  #isPeer: (address: string) => boolean = () => false
  #isWanted: (publicKey: WgKey) => boolean = () => false

  /** `heard` is called when somebody told of a place that was not known. */
  constructor (clock: Clock, logger: Logger, heard: () => void) {
    this.#clock = clock
    this.#logger = logger
    this.#heard = heard
  }

  /**
   * Listens at this node's own tunnel address. `isPeer` says whether an address inside is that of a peer, `isWanted` whether a tunnel to a
   * key is wanted: of other keys nothing is kept. Rejects when it cannot, and leaves nothing open.
   */
  async open (own: string, isPeer: (address: string) => boolean, isWanted: (publicKey: WgKey) => boolean): Promise<void> {
    this.#isPeer = isPeer
    this.#isWanted = isWanted
    const socket = createSocket('udp6')
    socket.on('message', (bytes, { address }) => this.#hear(bytes, address))
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close()
        reject(error)
      })
      socket.bind(port, own, resolve)
    })
    socket.removeAllListeners('error').on('error', (error) => this.#logger.warnOnce('observed endpoints', 'where peers are seen cannot be told', { reason: describeError(error) }))
    this.#socket = socket
  }

  /** Where others have seen a peer lately, the latest first. */
  of (publicKey: WgKey): readonly Address[] {
    const now = this.#clock.monotonic()
    return (this.#told.get(publicKey) ?? []).filter(({ at }) => now - at < freshMs).sort((a, b) => b.at - a.at).map(({ endpoint }) => endpoint)
  }

  /** Tells each of the others, if that is news to it or a while ago. */
  tell (peers: readonly SeenPeer[]): void {
    const now = this.#clock.monotonic()
    for (const { publicKey, address, lastHandshakeMs } of peers) {
      const others = peers.filter((other) => other.publicKey !== publicKey).slice(0, maxTold)
      const text = JSON.stringify(others.map((other) => [other.publicKey, formatEndpoint(other.endpoint)]))
      const news = `${lastHandshakeMs} ${text}`
      const before = this.#sent.get(address)
      const since = before?.news === news ? before.since : now
      if (others.length === 0 || (now - since > eagerMs && now - (before?.at ?? 0) < repeatMs)) continue
      this.#sent.set(address, { news, since, at: now })
      this.#socket?.send(text, port, address, () => {})       // lost ones are repeated
    }
  }

  async close (): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(() => resolve()))
  }

  #hear (bytes: Buffer, by: string): void {
    if (!this.#isPeer(by) || bytes.length > maxBytes) return
    for (const [publicKey, endpoint] of readTold(bytes)) {
      if (!this.#isWanted(publicKey)) continue
      const isNews = !this.of(publicKey).some((known) => sameEndpoint(known, endpoint))
      const others = (this.#told.get(publicKey) ?? []).filter((told) => told.by !== by)
      this.#told.set(publicKey, [...others, { endpoint, by, at: this.#clock.monotonic() }].slice(-maxPlaces))
      if (isNews) this.#heard()
    }
  }
}

/** What makes sense of it. */
function readTold (bytes: Buffer): readonly (readonly [WgKey, Address])[] {
  try {
    const list = JSON.parse(bytes.toString()) as unknown
    if (!Array.isArray(list)) return []
    return list.slice(0, maxTold).flatMap((item: unknown) => {
      const [key, text] = Array.isArray(item) ? item as unknown[] : []
      const endpoint = typeof text === 'string' ? parseEndpoint(text) : undefined
      return typeof key === 'string' && endpoint !== undefined && isOutside(endpoint.host) ? [[parseWgKey(key), endpoint] as const] : []
    })
  } catch {
    return []
  }
}
