import { createPublicKey, verify } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { didFromPublicKey, isDid, keyObjectFromDid, parseDid, publicKeyFromDid, shortDid, type Did } from '../../packages/core/src/did.ts'
import { createIdentity } from '../../packages/core/src/identity.ts'
import { codeOf } from '../support/failures.ts'

/** https://w3c-ccg.github.io/did-key-spec/, "Ed25519 with X25519". */
const known = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
const knownKey = '2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6'

/** Every encoding of a point of small order (https://eprint.iacr.org/2020/1244, table 1), with and without the sign bit. */
const smallOrder = [
  '00'.repeat(32), '01' + '00'.repeat(31), '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'ec' + 'ff'.repeat(30) + '7f',
  'ed' + 'ff'.repeat(30) + '7f', 'ee' + 'ff'.repeat(30) + '7f'
].flatMap((hex) => {
  const plain = Buffer.from(hex, 'hex')
  const signed = Buffer.from(plain)
  signed[31] = (signed[31] ?? 0) | 0x80
  return [plain, signed]
})

describe('did:key', () => {
  it('is the encoding of the specification', () => {
    expect(Buffer.from(publicKeyFromDid(known)).toString('hex')).to.equal(knownKey)
    expect(didFromPublicKey(Buffer.from(knownKey, 'hex'))).to.equal(known)
  })

  it('comes back from any key as it went in', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      fc.pre(!smallOrder.some((bytes) => bytes.equals(key)))
      expect(publicKeyFromDid(didFromPublicKey(key))).to.deep.equal(key)
    }))
  })

  const refused = {
    'another method': 'did:web:example.org',
    'another multicodec (X25519)': 'did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc',
    'another multicodec (P-256)': 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
    'a fragment': `${known}#${known.slice('did:key:'.length)}`,
    'a path': `${known}/x`,
    'a short key': known.slice(0, -1),
    'a long key': `${known}1`,
    'no key': 'did:key:z',
    'a leading 1': `did:key:z1${known.slice('did:key:z'.length)}`,
    'a leading 1 for the first character': `did:key:z1${known.slice('did:key:z6'.length)}`,
    'a capital method': known.replace('did:key', 'DID:KEY'),
    'another multibase prefix': known.replace(':z', ':Z'),
    'a lower-case key': known.toLowerCase(),
    'a character outside base58': known.replace('h', '0'),
    'a space around it': ` ${known}`,
    'a newline after it': `${known}\n`,
    nothing: ''
  }
  for (const [what, text] of Object.entries(refused)) {
    it(`is refused with ${what}`, async () => {
      expect([await codeOf(() => parseDid(text)), isDid(text)]).to.deep.equal(['MESH_DID_INVALID', false])
    })
  }

  it('has no second spelling: whatever text is taken is the one that its key gives', () => {
    fc.assert(fc.property(fc.nat(known.length - 10), fc.constantFrom(...'123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'), (index, character) => {
      const at = index + 9
      const text = known.slice(0, at) + character + known.slice(at + 1)
      if (isDid(text)) expect(didFromPublicKey(publicKeyFromDid(text))).to.equal(text)
    }))
  })

  it('is refused for keys of another length', async () => {
    for (const length of [0, 31, 33, 64]) expect(await codeOf(() => didFromPublicKey(new Uint8Array(length).fill(9)))).to.equal('MESH_DID_INVALID')
  })

  it('is refused for all fourteen encodings of points of small order, in both directions', async () => {
    const { did } = createIdentity()
    for (const key of smallOrder) {
      expect(await codeOf(() => didFromPublicKey(key))).to.equal('MESH_DID_INVALID')
      expect(await codeOf(() => parseDid(rawDid(key)))).to.equal('MESH_DID_INVALID')
    }
    expect(rawDid(publicKeyFromDid(did))).to.equal(did)
  })

  it('needs that refusal: node:crypto takes one forged signature for any message under 0100..00', () => {
    const key = keyFromJwk(Uint8Array.of(1, ...new Array<number>(31).fill(0)))
    const forged = Buffer.concat([Uint8Array.of(1), Buffer.alloc(63)])
    expect(['any', 'message'].map((message) => verify(null, Buffer.from(message), key, forged))).to.deep.equal([true, true])
  })

  it('gives the key to verify with, and the end that people compare', () => {
    const identity = createIdentity()
    const message = Buffer.from('message')
    const verified = (did: Did) => verify(null, message, keyObjectFromDid(did), identity.sign(message))
    expect([verified(identity.did), verified(identity.did), verified(createIdentity().did)]).to.deep.equal([true, true, false])
    expect(shortDid(identity.did)).to.equal(`z6Mk…${identity.did.slice(-8)}`)
  })

  it('verifies with the right key however many keys were used before', () => {
    const keys = Array.from({ length: 1_100 }, (_, index) => Buffer.alloc(32, `key ${index} `))
    for (const key of keys) keyObjectFromDid(didFromPublicKey(key))
    for (const key of [...keys.slice(0, 5), ...keys.slice(-5)]) {
      expect(keyObjectFromDid(didFromPublicKey(key)).export({ format: 'jwk' })).to.have.property('x', key.toString('base64url'))
    }
  })
})

/** Base58 without the checks of the unit. */
function rawDid (key: Uint8Array): string {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
  let text = ''
  for (let value = BigInt('0xed01' + Buffer.from(key).toString('hex')); value > 0n; value /= 58n) text = alphabet.charAt(Number(value % 58n)) + text
  return `did:key:z${text}`
}

function keyFromJwk (key: Uint8Array) {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key).toString('base64url') }, format: 'jwk' })
}
