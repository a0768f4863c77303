import { connect, type SecureContextOptions, type TLSSocket } from 'node:tls'
import { MeshError, type Address, type Clock, type Did, type Identity } from '@akshi/core'
import { raceAddresses } from './address-race.ts'
import { didFromCertificate } from './certificate.ts'
import { secureContext } from './secure-context.ts'

const staggerMs = 250

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
      attempt: (address, over) => this.#connect(did, address, over),
      discard: (socket) => socket.destroy()
    })
  }

  #connect (did: Did, { host, port }: Address, signal: AbortSignal): Promise<TLSSocket> {
    // No server name: it would show in clear whom we call. No session: a resumed one proves nothing here.
    const socket = connect({ ...this.#tls, host, port, servername: '', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    socket.setNoDelay(true)
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        release()
        socket.on('error', () => {}).destroy()
        reject(error)
      }
      const abort = () => fail(signal.reason as Error)
      const timer = this.#clock.timer(this.#timeoutMs, () => fail(new MeshError('MESH_PEER_UNREACHABLE', `no answer in ${this.#timeoutMs} ms`)))
      const release = () => {
        timer.cancel()
        signal.removeEventListener('abort', abort)
        socket.off('error', fail).off('close', closed)
      }
      const closed = () => fail(new MeshError('MESH_PEER_UNREACHABLE', 'it closed the connection'))
      signal.addEventListener('abort', abort, { once: true })
      socket.once('error', fail).once('close', closed).once('secureConnect', () => {
        const found = didFromCertificate(socket.getPeerX509Certificate())
        if (found !== did) return fail(mismatch(did, found))
        release()
        resolve(socket)
      })
    })
  }
}

function mismatch (expected: Did, found: Did | undefined): MeshError {
  return new MeshError('MESH_PEER_MISMATCH', `${found ?? 'a server with no node key'} answers there, not ${expected}. If the node has a new key, trust its new DID.`)
}
