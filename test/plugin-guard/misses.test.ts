import { expect } from 'chai'
import { kinds } from './adversarial/secret-kinds.ts'
import { scannerOf } from './support.ts'
import { SecretlintRules } from '../../packages/plugin-guard/src/secretlint-rules.ts'

const scanner = scannerOf()
const secretlint = new SecretlintRules()
const kind = new Map(kinds)
const rulesOf = (value: unknown) => [...new Set(scanner.scan(value).map(({ rule }) => rule))]

/** What secretlint misses, by measurement, and the rule that finds it here. */
const misses = [
  ['a node key in PKCS#8 PEM, Ed25519', 'ed25519-pkcs8', 'private-key-pem'],
  ['a private JWK', 'private-jwk', 'private-jwk'],
  ['an AWS access key id', 'aws-access-key-id', 'aws-access-key-id'],
  ['a Google API key', 'google-api-key', 'google-api-key'],
  ['a JWT', 'jwt', 'jwt'],
  ['a Bearer header', 'bearer', 'bearer-token'],
  ['a Hugging Face token', 'huggingface', 'huggingface-token'],
  ['password=...', 'password', 'password'],
  ['a Stripe key', 'stripe', 'stripe-key'],
  ['a GitLab token', 'gitlab', 'gitlab-token'],
  ['a Groq key', 'groq', 'groq-key']
] as const

describe('what secretlint 11 misses', () => {
  for (const [name, key, rule] of misses) {
    it(`is found: ${name}`, () => {
      const text = kind.get(key) ?? ''
      expect([text.length > 10, secretlint.match(text), rulesOf(text).includes(rule)]).to.deep.equal([true, [], true])
    })
  }

  for (const key of ['ed25519-pkcs8', 'rsa-pkcs8', 'private-jwk', 'password', 'wireguard']) {
    it(`is found in JSON that was escaped twice: ${key}`, () => {
      const text = JSON.stringify(JSON.stringify({ file: kind.get(key) }))
      expect([secretlint.match(text), rulesOf({ log: `sent ${text}` }).length > 0, rulesOf({ log: text }).length > 0]).to.deep.equal([[], true, true])
    })
  }

  it('is not switched off by a comment, as secretlint lets a text do', () => {
    expect(rulesOf(`/* secretlint-disable */ ${kind.get('github')}`)).to.deep.equal(['secretlint-github-token'])
  })

  it('leaves no marks in the performance timeline, as the engine of secretlint does', () => {
    scanner.scan(kind.get('github'))
    expect(performance.getEntriesByType('mark').filter(({ name }) => name.startsWith('@core>'))).to.deep.equal([])
  })
})
