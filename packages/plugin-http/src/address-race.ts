import { setMaxListeners } from 'node:events'
import { describeError, isMeshError, MeshError, type Address, type Clock, type Timer } from '@akshi/core'

const maxAddresses = 16

export interface RaceOptions<Connection> {
  readonly clock: Clock
  /** How long an attempt has the field to itself before the next address starts too. */
  readonly staggerMs: number
  /** Dials one address; must end what it opened when the signal aborts. */
  readonly attempt: (address: Address, signal: AbortSignal) => Promise<Connection>
  /** Ends a connection that came second. */
  readonly discard: (connection: Connection) => void
  readonly signal: AbortSignal
}

/**
 * Happy Eyeballs (RFC 8305) over the addresses of one node: in their order, each as soon as the one before has failed
 * or taken `staggerMs`; the first that connects wins, the others are ended. At most the first 16 are tried.
 *
 * @throws MeshError `MESH_PEER_MISMATCH` when another node answered somewhere, else `MESH_PEER_UNREACHABLE`; the
 * message has each address with its reason. On abort, `signal.reason`.
 */
export function raceAddresses<Connection> (addresses: readonly Address[], options: RaceOptions<Connection>): Promise<Connection> {
  const { clock, staggerMs, attempt, discard, signal } = options
  const field = addresses.slice(0, maxAddresses)
  const over = new AbortController()
  setMaxListeners(field.length, over.signal)
  const failures: { readonly address: Address, readonly error: unknown }[] = []
  let next = 0
  let timer: Timer | undefined
  return new Promise<Connection>((resolve, reject) => {
    const end = (settle: () => void) => {
      if (over.signal.aborted) return
      timer?.cancel()
      signal.removeEventListener('abort', abort)
      over.abort()
      settle()
    }
    const abort = () => end(() => reject(signal.reason))
    const start = () => {
      timer?.cancel()
      const address = field[next++]
      if (address === undefined || over.signal.aborted) return
      timer = clock.timer(staggerMs, start)
      attempt(address, over.signal).then(
        (connection) => over.signal.aborted ? discard(connection) : end(() => resolve(connection)),
        (error: unknown) => {
          failures.push({ address, error })
          if (failures.length === field.length) end(() => reject(allFailed(failures)))
          else start()
        })
    }
    if (signal.aborted) return abort()
    if (field.length === 0) return end(() => reject(new MeshError('MESH_PEER_UNREACHABLE', 'No address of the peer is known. Wait for discovery, or set its endpoint under [[mesh.peers]].')))
    signal.addEventListener('abort', abort, { once: true })
    start()
  })
}

function allFailed (failures: readonly { readonly address: Address, readonly error: unknown }[]): MeshError {
  const mismatch = failures.some(({ error }) => isMeshError(error, 'MESH_PEER_MISMATCH'))
  const reasons = failures.map(({ address, error }) => `${printAddress(address)}: ${describeError(error)}`)
  return new MeshError(mismatch ? 'MESH_PEER_MISMATCH' : 'MESH_PEER_UNREACHABLE', reasons.join('; '), { cause: failures[0]?.error })
}

/** `host:port`, with brackets round IPv6. */
export function printAddress ({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
