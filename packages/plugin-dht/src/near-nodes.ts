import { MeshError, type Clock } from '@akshi/core'
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Calls } from './calls.ts'
import type { Services } from './libp2p-settings.ts'

/** What kad-dht has and its types do not show. */
interface RoutingTable {
  readonly size: number
  readonly kb: { toIterable (): Iterable<{ readonly peerId: PeerId }> }
  add (peer: PeerId, options: { signal: AbortSignal }): Promise<void>
  remove (peer: PeerId, options: { signal: AbortSignal }): Promise<void>
  addEventListener (type: 'peer:add', listener: () => void): void
}

const aliveMs = 3_000
const stallMs = 300
const maxSuspects = 16

/** The routing table of kad-dht, which keeps nodes that are gone: those are found out here and taken out. */
export class NearNodes {
  readonly #libp2p: Libp2p<Services>
  readonly #calls: Calls
  readonly #clock: Clock
  readonly #suspects = new Set<string>()

  constructor (libp2p: Libp2p<Services>, calls: Calls, clock: Clock) {
    this.#libp2p = libp2p
    this.#calls = calls
    this.#clock = clock
  }

  get size (): number { return this.#table.size }

  get all (): readonly PeerId[] {
    return [...this.#table.kb.toIterable()].map(({ peerId }) => peerId)
  }

  /** Calls `listener` whenever a node comes in, until the end. */
  onAdd (listener: () => void): void {
    this.#table.addEventListener('peer:add', listener)
  }

  async add (peer: PeerId, signal: AbortSignal): Promise<void> {
    await this.#table.add(peer, { signal })
  }

  /** Takes those out that do not answer. Resolves to how many. */
  async sweep (): Promise<number> {
    const gone = await Promise.all(this.all.map((peer) => this.#dropUnlessAlive(peer)))
    return gone.filter(Boolean).length
  }

  /** Asks a node that has failed whether it is still there, so that it does not hold up the next query. Returns at once. */
  suspect (peer: PeerId): void {
    const name = peer.toString()
    if (this.#suspects.size >= maxSuspects || this.#suspects.has(name)) return
    this.#suspects.add(name)
    void this.#dropUnlessAlive(peer).finally(() => this.#suspects.delete(name))
  }

  get #table (): RoutingTable { return (this.#libp2p.services.dht as unknown as { readonly routingTable: RoutingTable }).routingTable }

  /** Takes a node out that answers neither of two pings, unless it is this process that is slow. */
  async #dropUnlessAlive (peer: PeerId): Promise<boolean> {
    const beganAt = this.#clock.monotonic()
    if (await this.#answers(peer) || await this.#answers(peer)) return false
    const isSlow = this.#clock.monotonic() - beganAt > 2 * aliveMs + stallMs
    if (isSlow || this.#calls.signal.aborted) return false
    for (const connection of this.#libp2p.getConnections(peer)) connection.abort(new MeshError('MESH_TIMEOUT', 'It does not answer.'))
    await this.#table.remove(peer, { signal: this.#calls.signal }).catch(() => {})
    return true
  }

  async #answers (peer: PeerId): Promise<boolean> {
    const ask = async (signal: AbortSignal) => await this.#libp2p.services.ping.ping(peer, { signal })
    return await this.#calls.within(aliveMs, `asking ${peer.toString()}`, ask).then(() => true, () => false)
  }
}
