import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Address, Clock, Timer } from '@akshi/core'
import { sameEndpoint } from './wg-peer.ts'

/** A handshake initiation, the first message of the WireGuard paper, section 5.4.2: its length, and how it begins. */
const initiationBytes = 148
const initiationStart = Buffer.from([1, 0, 0, 0])
const waitMs = 5_000
const maxSockets = 8

interface Probe {
  /** Where the peer's other packets come from. */
  readonly endpoint: Address
  readonly socket: Socket
  readonly timer: Timer
  /** At which it waits. */
  port: number | undefined
  seen: Address | undefined
  isOver: boolean
}

/**
 * Finds out whether the NAT of a peer takes another port for another destination (the mapping test of RFC 5780, section 4.3, with WireGuard's own
 * packets in place of STUN's): waits at a UDP port of its own for one handshake initiation of the peer, and notes where it came from. Who
 * spoofs one makes a wrong guess, which only people read.
 */
export class MappingProbe {
  readonly #clock: Clock
  readonly #changed: () => void
  readonly #probes = new Map<string, Probe>()

  /** `changed` is called when a port is open, or something was seen. */
  constructor (clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  /** What is known of a peer, by its tunnel address, whose packets come from `endpoint`: where another came from, or the port at which one is awaited. */
  ask (peer: string, endpoint: Address): { readonly also?: Address, readonly probe?: number } {
    const known = this.#probes.get(peer)
    if (known !== undefined && sameEndpoint(endpoint, known.endpoint)) {
      if (known.seen !== undefined) return { also: known.seen }
      return known.port === undefined ? {} : { probe: known.port }
    }
    this.#end(peer)
    const open = [...this.#probes.values()].filter(({ isOver }) => !isOver)
    if (open.length < maxSockets) this.#begin(peer, endpoint)
    return {}
  }

  /** Forgets all but these peers. */
  keep (peers: ReadonlySet<string>): void {
    for (const peer of this.#probes.keys()) if (!peers.has(peer)) this.#end(peer)
  }

  close (): void {
    this.keep(new Set())
  }

  #begin (peer: string, endpoint: Address): void {
    const socket = createSocket(isIPv6(endpoint.host) ? 'udp6' : 'udp4')
    const probe: Probe = { endpoint, socket, port: undefined, seen: undefined, isOver: false, timer: this.#clock.timer(waitMs, () => this.#shut(probe)) }
    this.#probes.set(peer, probe)
    socket.on('error', () => this.#shut(probe))
    socket.on('message', (bytes, { address, port }) => {
      if (address !== endpoint.host || bytes.length !== initiationBytes || !bytes.subarray(0, 4).equals(initiationStart)) return
      probe.seen = { host: address, port }
      this.#shut(probe)
      this.#changed()
    })
    socket.bind(0, () => {
      if (probe.isOver) return
      probe.port = socket.address().port
      this.#changed()
    })
  }

  /** Nobody is waited for any more; what was seen stays known. */
  #shut (probe: Probe): void {
    if (probe.isOver) return
    probe.isOver = true
    probe.port = undefined
    probe.timer.cancel()
    probe.socket.close()
  }

  #end (peer: string): void {
    const probe = this.#probes.get(peer)
    this.#probes.delete(peer)
    if (probe !== undefined) this.#shut(probe)
  }
}
