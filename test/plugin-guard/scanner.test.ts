import { generateKeyPairSync } from 'node:crypto'
import { createIdentity } from '@akshi/core'
import { expect } from 'chai'
import { alnum, drawMixed } from './adversarial/draws.ts'
import { scannerOf } from './support.ts'
import { formsOfText } from '../../packages/plugin-guard/src/secret-forms.ts'

const token = `gl${'pat'}-${drawMixed(alnum, 20)}`
const paths = (value: unknown, before?: unknown) => scannerOf().scan(value, before).map(({ rule, path }) => [rule, path])

describe('Scanner', () => {
  it('gives the path as a JSON pointer, with names escaped, and names that must not be shown by their place', () => {
    expect(paths({ 'a/b~c': [{ x: token }] })).to.deep.equal([['gitlab-token', '/a~1b~0c/0/x']])
    expect(paths({ first: 1, [token]: { inner: token } })).to.deep.equal([['gitlab-token', '/(key 1)'], ['gitlab-token', '/(key 1)/inner']])
    expect(paths({ ['long'.repeat(40)]: token })).to.deep.equal([['gitlab-token', '/(key 0)']])
  })

  it('looks at what JSON would write: toJSON is asked, and bytes are read', () => {
    expect(paths({ a: { toJSON: () => ({ b: token }) } })).to.deep.equal([['gitlab-token', '/a/b']])
    expect(paths({ a: Buffer.from(`xx ${token}`), b: [...Buffer.from(token)] })).to.deep.equal([['gitlab-token', '/a'], ['gitlab-token', '/b']])
  })

  it('tells the value of a field by its name, and a JWK by its fields', () => {
    const key = drawMixed(alnum, 32)
    expect(paths({ password: 'hunter22', apiKey: key, 'x-auth-token': [key], next_page_token: key, tokens: 1234, passwordHint: 'my dog', keyId: key }))
      .to.deep.equal([['password', '/password'], ['named-secret', '/apiKey'], ['named-secret', '/x-auth-token/0']])
    expect(paths({ kty: 'OKP', x: drawMixed(alnum, 43), d: drawMixed(alnum, 43) })).to.deep.equal([['private-jwk', '/d']])
  })

  it('knows the bytes of a private key, whatever they are encoded in, from those of a public one', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const forms = [privateKey.export({ format: 'der', type: 'pkcs8' }), privateKey.export({ format: 'der', type: 'sec1' }), publicKey.export({ format: 'der', type: 'spki' })]
    expect(forms.map((bytes) => paths({ a: bytes.toString('hex') }))).to.deep.equal([[['private-key-der', '/a']], [['private-key-der', '/a']], []])
  })

  it('passes over what stands at the same place already, and looks at what is new', () => {
    const before = { a: token, list: [token], known: { x: 1 } }
    expect(paths({ ...before, b: 'new' }, before)).to.deep.equal([])
    expect(paths({ ...before, b: token }, before)).to.deep.equal([['gitlab-token', '/b']])
    expect(paths({ ...before, a: `${token}x` }, before)).to.deep.equal([['gitlab-token', '/a']])
    expect(paths({ [token]: 1 }, { other: { [token]: 1 } })).to.deep.equal([['gitlab-token', '/(key 0)']])
  })

  it('refuses what it does not look at: too deep, encoded too often', () => {
    let deep: unknown = 'x'
    for (let n = 0; n < 120; n++) deep = [deep]
    let encoded = 'plain text, nothing else'
    for (let n = 0; n < 6; n++) encoded = Buffer.from(encoded).toString('base64')
    expect([paths(deep).map(([rule]) => rule), paths({ a: encoded }), scannerOf().scan(deep)[0]?.fingerprint]).to.deep.equal([['too-much-to-look-at'], [['too-much-to-look-at', '/a']], undefined])
  })

  it('looks at the largest entry that there is in less than 2 s, whatever is in it', () => {
    const size = 256 * 1024
    const worst = ['a', 'a-', 'ey', '%41', '\\', '\\\\"', 'password=', 'A'.repeat(76) + '\n', '-----BEGIN PRIVATE KEY-----', '://a:', 'ab cd ', '0', '{', 'pass', 'AKIA', 'login a password ', 'key-', 'seed phrase: abc ', '"kty""d":"']
    const slow = worst.map((part) => {
      const text = part.repeat(Math.floor(size / part.length))
      const start = performance.now()
      scannerOf().scan({ text })
      return [part.slice(0, 20), Math.round(performance.now() - start)] as const
    }).filter(([, ms]) => ms > 2_000)
    expect(slow).to.deep.equal([])
  }).timeout(60_000)

  it('makes fingerprints that are the same for the same text on one node, and tell nobody else anything', () => {
    const identity = createIdentity()
    const of = (value: unknown, who = identity) => scannerOf({ identity: who }).scan(value)[0]?.fingerprint
    expect(of({ a: token })).to.match(/^[0-9a-f]{16}$/).and.to.equal(of([`and ${token}, too`]))
    expect([of(token) === of(token, createIdentity()), of(token) === of(`${token}1`)]).to.deep.equal([false, false])
  })

  it('allows a text for one rule only, and known secrets never', () => {
    const identity = createIdentity()
    const fingerprints = scannerOf({ identity }).scan(token).flatMap(({ fingerprint }) => fingerprint ?? [])
    const known = [formsOfText('env-token', token)]
    expect([scannerOf({ identity, allow: fingerprints }).scan(token), scannerOf({ identity, allow: fingerprints, known }).scan({ a: token })])
      .to.deep.equal([[], [{ rule: 'env-token', path: '/a' }]])
  })
})
