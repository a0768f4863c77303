import type { X509Certificate } from 'node:crypto'
import { didFromPublicKey, type Did, type Identity } from '@akshi/core'

/** A certificate in both of its usual encodings. */
export interface Certificate {
  readonly pem: string
  readonly der: Uint8Array
}

const ed25519 = sequence(Uint8Array.of(0x06, 3, 0x2b, 0x65, 0x70))                        // 1.3.101.112 (RFC 8410)
const version3 = der(0xa0, Uint8Array.of(0x02, 1, 2))
const serialNumber = Uint8Array.of(0x02, 1, 1)
const commonName = Uint8Array.of(0x06, 3, 0x55, 0x04, 0x03)
const subjectAltName = Uint8Array.of(0x06, 3, 0x55, 0x1d, 0x11)
const uriTag = 0x86
/** 99991231235959Z means "has no end" (RFC 5280, section 4.1.2.5): the key lasts as long as the identity. */
const validity = sequence(der(0x17, Buffer.from('200101000000Z')), der(0x18, Buffer.from('99991231235959Z')))

/**
 * The self-signed X.509 certificate (RFC 5280) of a node: its key is the node key, its subject and alternative name
 * (a URI) the DID. The same identity gives the same bytes each time. It is no secret, and what it says beside the key is
 * for people: a peer is known by the key alone.
 */
export function createCertificate (identity: Identity): Certificate {
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(identity.did)))))
  const publicKey = sequence(ed25519, bitString(identity.publicKey))
  const alternativeNames = sequence(der(uriTag, Buffer.from(identity.did)))
  const extensions = der(0xa3, sequence(sequence(subjectAltName, der(0x04, alternativeNames))))
  const toBeSigned = sequence(version3, serialNumber, ed25519, name, validity, name, publicKey, extensions)
  const bytes = sequence(toBeSigned, ed25519, bitString(identity.sign(toBeSigned)))
  return { der: bytes, pem: toPem(bytes) }
}

/**
 * The DID behind a certificate that was shown in a TLS handshake, which has proven that the other side holds its key.
 * `undefined` without a certificate, and for keys that no DID of this mesh can have.
 */
export function didFromCertificate (certificate: X509Certificate | undefined): Did | undefined {
  if (certificate?.publicKey.asymmetricKeyType !== 'ed25519') return undefined
  try {
    return didFromPublicKey(certificate.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
  } catch {
    return undefined                                    // a key of small order: nobody's
  }
}

function toPem (bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

function bitString (bytes: Uint8Array): Uint8Array {
  return der(0x03, Uint8Array.of(0), bytes)
}

function sequence (...parts: readonly Uint8Array[]): Uint8Array {
  return der(0x30, ...parts)
}

/** One DER element (ITU-T X.690); nothing here reaches 65,536 bytes. */
function der (tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts)
  const { length } = content
  const header = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Uint8Array.from(header), content])
}
