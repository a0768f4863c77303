import { constants } from 'node:crypto'
import type { SecureContextOptions, TlsOptions } from 'node:tls'
import type { Identity } from '@akshi/core'
import { createCertificate } from './certificate.ts'

/**
 * What both ends of a mesh connection use: TLS 1.3 with the node's own certificate. Without session tickets, because a
 * resumed session shows the client no certificate, so that it could not tell who answers.
 */
export function secureContext (identity: Identity): SecureContextOptions {
  return {
    cert: createCertificate(identity).pem,
    key: identity.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    minVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET
  }
}

/** The server's half. Any certificate is let through the handshake: who may do what is decided by its key, later. */
export function serverTlsOptions (identity: Identity, handshakeTimeoutMs: number): TlsOptions {
  return {
    ...secureContext(identity),
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: handshakeTimeoutMs
  }
}
