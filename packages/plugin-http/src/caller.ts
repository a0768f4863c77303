import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Did } from '@akshi/core'
import { didFromCertificate } from './certificate.ts'

/** Who is at the other end of a request, as far as the connection shows. */
export interface Caller {
  readonly address: string
  /** The address and port of this node that the connection goes to. */
  readonly localAddress: string
  readonly localPort: number
  readonly secure: boolean
  /** The holder of the key behind the certificate; `undefined` on plain connections and without one. */
  readonly did: Did | undefined
}

const dids = new WeakMap<Socket, { readonly did: Did | undefined }>()

/** The caller of a request. The certificate is read once a connection. */
export function callerOf ({ socket }: IncomingMessage): Caller {
  return {
    address: socket.remoteAddress ?? '',
    localAddress: socket.localAddress ?? '',
    localPort: socket.localPort ?? 0,
    secure: socket instanceof TLSSocket,
    did: didOf(socket)
  }
}

function didOf (socket: Socket): Did | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const known = dids.get(socket)
  if (known !== undefined) return known.did
  const did = didFromCertificate(socket.getPeerX509Certificate())
  dids.set(socket, { did })
  return did
}
