import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createIdentity } from '@akshi/core'
import { createCertificate } from '@akshi/plugin-http'
import { didFromCertificate } from '../../packages/plugin-http/src/certificate.ts'

describe('createCertificate', () => {
  const identity = createIdentity()
  const { pem, der } = createCertificate(identity)

  it('makes a self-signed certificate of the node key, with the DID as subject and URI, and no end', () => {
    const certificate = new X509Certificate(pem)
    expect({
      valid: certificate.verify(certificate.publicKey),
      key: certificate.checkPrivateKey(identity.privateKey),
      subject: certificate.subject,
      issuer: certificate.issuer,
      names: certificate.subjectAltName,
      validTo: new Date(certificate.validTo).getUTCFullYear(),
      sameBytes: certificate.raw.equals(der)
    }).to.deep.equal({
      valid: true,
      key: true,
      subject: `CN=${identity.did}`,
      issuer: `CN=${identity.did}`,
      names: `URI:${identity.did}`,
      validTo: 9999,
      sameBytes: true
    })
  })

  it('makes the same bytes for the same identity', () => {
    expect(createCertificate(identity)).to.deep.equal({ pem, der })
  })

  it('is read and verified by openssl', function () {
    if (!hasOpenssl()) return this.skip()              // there is no openssl on this machine
    const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
    try {
      const path = join(folder, 'node.crt')
      writeFileSync(path, pem)
      const verified = execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', path, path]).toString()
      const text = execFileSync('openssl', ['x509', '-in', path, '-noout', '-text']).toString()
      expect([verified, /Public Key Algorithm: ED25519/.test(text), text.includes(`URI:${identity.did}`)]).to.deep.equal([`${path}: OK\n`, true, true])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('didFromCertificate', () => {
  it('gives the DID of the key', () => {
    const identity = createIdentity()
    expect(didFromCertificate(new X509Certificate(createCertificate(identity).der))).to.equal(identity.did)
  })

  it('gives none without a certificate or for another type of key', () => {
    const other = { publicKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey } as X509Certificate
    expect([didFromCertificate(undefined), didFromCertificate(other)]).to.deep.equal([undefined, undefined])
  })

  it('gives none for a key of small order', () => {
    const identity = { ...createIdentity(), publicKey: Uint8Array.from({ length: 32 }, (_, i) => i === 0 ? 1 : 0) }
    expect(didFromCertificate(new X509Certificate(createCertificate(identity).der))).to.equal(undefined)
  })
})

function hasOpenssl (): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
}
