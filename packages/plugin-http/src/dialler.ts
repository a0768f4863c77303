import { connect, type Socket } from 'node:net'
import { connect as secure, type SecureContextOptions, type TLSSocket } from 'node:tls'
import { MeshError, type Address, type Clock, type Did, type Identity } from '@akshi/core'
import { raceAddresses } from './address-race.ts'
import { didFromCertificate } from './certificate.ts'
import { PeerMismatch } from './peer-mismatch.ts'
import { dialRepeatedly } from './repeated-dial.ts'
import { secureContext } from './secure-context.ts'

const staggerMs = 250
/** An opening packet may be lost. */
const redialMs = 400
const freshenMs = 1_000
/** An opening that took longer is made once more. */
const promptMs = 300
/** After so long without a packet the kernel asks whether the other side is still there, and cuts the connection after ten questions, a second apart. */
const keepAliveMs = 15_000

/** Opens mutually authenticated connections to nodes. Not one byte of a request is written before the node has shown its key. */
export class Dialler {
  readonly #tls: SecureContextOptions
  readonly #clock: Clock
  readonly #timeoutMs: number

  constructor (identity: Identity, clock: Clock, timeoutMs: number) {
    this.#tls = secureContext(identity)
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /**
   * A connection to the node `did` at whichever address answers first; the caller owns it.
   *
   * @throws MeshError as `raceAddresses`. On abort, `signal.reason`.
   */
  dial (did: Did, addresses: readonly Address[], signal: AbortSignal): Promise<TLSSocket> {
    return raceAddresses(addresses, {
      clock: this.#clock,
      staggerMs,
      signal,
      attempt: (address, over) => this.#dialOne(did, address, over),
      discard
    })
  }

  /** Only the opening is repeated: of several that get through at once, as when a cable is back, one goes on to the costly handshake. */
  async #dialOne (did: Did, address: Address, signal: AbortSignal): Promise<TLSSocket> {
    const startedAt = this.#clock.monotonic()
    const attempt = (signal: AbortSignal) => this.#open(address, signal)
    const way = await dialRepeatedly({ clock: this.#clock, everyMs: redialMs, attempt, discard }, signal)
    const isPrompt = this.#clock.monotonic() - startedAt <= promptMs
    return await this.#secure(did, isPrompt ? way : await this.#freshen(way, address, signal), signal)
  }

  async #open ({ host, port }: Address, signal: AbortSignal, limitMs = this.#timeoutMs): Promise<Socket> {
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs })
    await this.#comes(socket, 'connect', signal, limitMs)
    return socket
  }

  /**
   * Another connection to the same place, now that the way is open, or the same if there is none soon. The kernel takes the
   * time that an opening packet waited for the way, or for the address of the host on the link, for that of a round trip, and
   * would repeat what gets lost on such a connection only after three times as long (RFC 6298, section 2.2).
   */
  async #freshen (way: Socket, address: Address, signal: AbortSignal): Promise<Socket> {
    let failure: Error | undefined
    way.once('error', (error) => { failure = error })
    try {
      const fresh = await this.#open(address, signal, freshenMs)
      discard(way)
      return fresh
    } catch (error) {
      if (!signal.aborted && !way.destroyed) return way
      discard(way)
      throw failure ?? error
    }
  }

  async #secure (did: Did, way: Socket, signal: AbortSignal): Promise<TLSSocket> {
    // No server name: it would show in clear whom we call. No session: a resumed one proves nothing here.
    const socket = secure({ ...this.#tls, socket: way, servername: '', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    await this.#comes(socket, 'secureConnect', signal, this.#timeoutMs)
    const found = didFromCertificate(socket.getPeerX509Certificate())
    if (found === did) return socket
    discard(socket)
    throw new PeerMismatch(did, found)
  }

  /** Resolves at the event. If it does not come in time, the socket is ended. */
  #comes (socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal, limitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        release()
        discard(socket)
        reject(error)
      }
      const abort = () => fail(signal.reason as Error)
      const timer = this.#clock.timer(limitMs, () => fail(new MeshError('MESH_PEER_UNREACHABLE', `no answer in ${limitMs} ms`)))
      const closed = () => fail(new MeshError('MESH_PEER_UNREACHABLE', 'it closed the connection'))
      const release = () => {
        timer.cancel()
        signal.removeEventListener('abort', abort)
        socket.off('error', fail).off('close', closed).off(event, come)
      }
      const come = () => {
        release()
        resolve()
      }
      if (signal.aborted) return abort()
      signal.addEventListener('abort', abort, { once: true })
      socket.once('error', fail).once('close', closed).once(event, come)
    })
  }
}

function discard (socket: Socket): void {
  socket.on('error', () => {}).destroy()
}
