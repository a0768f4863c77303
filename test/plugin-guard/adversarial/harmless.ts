/* eslint-disable no-template-curly-in-string -- placeholders that people write */
import { createHash, generateKeyPairSync } from 'node:crypto'
import { createIdentity } from '@akshi/core'
import { alnum, base58, digits, draw, drawBytes, hexDigits, lower, upper, urlSafe } from './draws.ts'

/** Something that may look like a secret and is none. */
export type Harmless = readonly [name: string, value: unknown]

const did = () => createIdentity().did
const sha256 = () => createHash('sha256').update(drawBytes(8)).digest()
const uuid = () => [8, 4, 4, 4, 12].map((length) => draw(hexDigits, length)).join('-')
const ulid = () => `01HF${draw('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 22)}`
const key32 = () => drawBytes(32).toString('base64')
const { publicKey } = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
const lorem = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. '
const many = (name: string, count: number, make: (n: number) => unknown): Harmless[] => Array.from({ length: count }, (_, n) => [`${name} ${n + 1}`, make(n)] as const)

const prose: readonly string[] = [
  'The password is required.', 'password: required', 'Please reset your password: it expires in 3 days', 'Enter password: ********', 'token: see the vault',
  'the bearer of this letter is authorized', 'Basic authentication is not supported any more', 'secret = none', 'My secret: I like cheese', 'key: value',
  'api key: ask the operator for one', 'The token bucket refills at 100 per minute', 'private key: keep it on the machine', 'access token lifetime: 3600 seconds', 'pwd: /home/ann/src/akshi',
  'credentials: stored in the keychain', 'set the environment variable GITHUB_TOKEN before you start', 'passphrase: (empty for none)', 'password policy: at least 12 characters', 'mnemonic: see RFC 1751'
]
const placeholders: readonly string[] = [
  'password=<your password>', 'password=${DB_PASSWORD}', 'api_key: "YOUR_API_KEY_HERE"', 'OPENAI_API_KEY=sk-...', 'token = "xxxxxxxxxxxxxxxxxxxxxxxx"', 'Authorization: Bearer <token>',
  'Authorization: Bearer ${TOKEN}', 'postgres://user:password@localhost:5432/app', 'https://user:pass@example.com/', 'postgres://app:${PASSWORD}@db/app', 'client_secret=changeme-example', 'secret: "***"',
  'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'AKIAIOSFODNN7EXAMPLE', 'password: {{ vault_password }}', '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----', 'token=$(cat ~/.token)', 'export PASSWORD=%PASSWORD%'
]
const code: readonly string[] = [
  'const password = process.env.DB_PASSWORD', 'password = getpass.getpass("Password: ")', 'if (token === undefined) throw new TypeError("token")', 'apiKey: config.services.openai.apiKey,', 'interface Login { user: string, password: string }',
  'const secret = await readSecret(path, { name: "node key" })', 'let accessToken = response.data.accessToken', 'function hashPassword (password: string): Promise<string> {', 'password=password_field.value', 'self.api_key = api_key or os.environ["API_KEY"]',
  'const tokenPattern = /^[A-Za-z0-9_-]{20,}$/', 'import { privateKeyFromSeed } from "./keys.ts"', 'grant_type=authorization_code&redirect_uri=https%3A%2F%2Fexample.org%2Fcb', 'kubectl create secret generic db --from-literal=password="$PW"', 'public_key = "AAAAC3NzaC1lZDI1NTE5"',
  'SELECT token, password_hash FROM users WHERE id = $1', 'token_type: Bearer', 'max_tokens=4096, temperature=0.7', 'com.example.auth.token.AccessTokenProvider.refreshToken', 'expect(secretOf(match)).to.equal(undefined)'
]

/** 100 and more of what agents write into journals. */
export const harmless: readonly Harmless[] = [
  ...many('prose', prose.length, (n) => prose[n]),
  ...many('placeholder', placeholders.length, (n) => placeholders[n]),
  ...many('code', code.length, (n) => code[n]),
  ...many('did', 3, () => ({ agent: did(), note: `seen ${did()}` })),
  ...many('hash', 3, () => ({ sha256: sha256().toString('hex'), integrity: `sha256-${sha256().toString('base64')}` })),
  ...many('commit', 3, () => `merged ${draw(hexDigits, 40)} into main`),
  ...many('uuid', 3, () => ({ id: uuid(), traceparent: `00-${draw(hexDigits, 32)}-${draw(hexDigits, 16)}-01` })),
  ...many('ulid', 3, () => ({ id: ulid(), parent: ulid() })),
  ...many('heads', 3, () => ({ heads: [sha256().toString('hex'), sha256().toString('hex')], seq: 12 })),
  ...many('image', 3, (n) => ({ $base64: Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), drawBytes(600 + n)]).toString('base64') })),
  ...many('image URL', 2, () => `data:image/jpeg;base64,${Buffer.concat([Buffer.from('ffd8ffe000104a46494600', 'hex'), drawBytes(500)]).toString('base64')}`),
  ...many('bytes', 2, () => ({ thumbnail: [...drawBytes(200)], raw: new Uint8Array(drawBytes(80)) })),
  ...many('peer entry', 3, () => ({ name: 'beta', node_did: did(), wireguard_public_key: key32(), endpoint: '203.0.113.7:51820' })),
  ...many('public key', 2, () => ({ publicKey: key32(), sealingKey: drawBytes(32).toString('base64url') })),
  ['public key in PEM', publicKey.export({ format: 'pem', type: 'spki' })],
  ['public key in PEM, RSA', rsa.export({ format: 'pem', type: 'spki' })],
  ['public JWK', publicKey.export({ format: 'jwk' })],
  ['public JWK as text', JSON.stringify({ keys: [rsa.export({ format: 'jwk' })] })],
  ['public key in DER', rsa.export({ format: 'der', type: 'spki' }).toString('base64')],
  ['SSH public key', `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${draw(alnum, 43)} ann@laptop`],
  ['age recipient', `age1${draw('qpzry9x8gf2tvdw0s3jn54khce6mua7l', 58)}`],
  ['certificate', `-----BEGIN CERTIFICATE-----\n${Buffer.concat([Buffer.from('308201223081d5a003020102', 'hex'), drawBytes(280)]).toString('base64')}\n-----END CERTIFICATE-----`],
  ['signature', { protected: Buffer.from('{"alg":"EdDSA"}').toString('base64url'), signature: drawBytes(64).toString('base64url') }],
  ['dotted names', 'eyJob.eyJobs.scheduler.default.svc.cluster.local and com.acme.security.token.TokenFactory'],
  ['dotted base64', `${draw(alnum, 20)}.${draw(alnum, 20)}.${draw(alnum, 20)}`],
  ['cursor', { next_page_token: drawBytes(40).toString('base64url'), cursor: drawBytes(30).toString('base64url') }],
  ['multihash', `bafy${draw('abcdefghijklmnopqrstuvwxyz234567', 55)} Qm${draw(base58, 44)}`],
  ['addresses', { bitcoin: `bc1q${draw('qpzry9x8gf2tvdw0s3jn54khce6mua7l', 38)}`, ether: `0x${draw(hexDigits, 40)}` }],
  ['lorem', lorem.repeat(20)],
  ['diff', `diff --git a/src/a.ts b/src/a.ts\nindex ${draw(hexDigits, 10)}..${draw(hexDigits, 10)} 100644\n--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1 +1 @@\n-const token = readToken()\n+const token = await readToken()`],
  ['lock file', `"integrity": "sha512-${drawBytes(64).toString('base64')}",\n"resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz"`],
  ['Windows path', 'C:\\Users\\ann\\AppData\\Local\\Temp\\x.log'],
  ['regular expression', '^(?:\\\\d{3}-){2}\\\\d{4}$ and \\\\u00e9'],
  ['measurements', Array.from({ length: 50 }, (_, n) => ({ celsius: 20 + n / 10, at: n }))],
  ['small numbers', Array.from({ length: 40 }, (_, n) => n % 24)],
  ['URLs', `https://example.org/a/b/${draw(urlSafe, 22)}?v=${draw(alnum, 11)}&t=42s ssh://git@github.com/acme/repo.git http://localhost:3000/x@y`],
  ['mail', 'From: ann@example.org\nMessage-ID: <CAF' + draw(alnum, 30) + '@mail.example.org>'],
  ['phone and card', '+41 44 668 18 00, 4242 4242 4242 4242'],
  ['Slack channel', `C${draw(upper + digits, 10)} https://acme.slack.com/archives/C${draw(upper + digits, 10)}/p${draw(digits, 16)}`],
  ['A2A task', { id: uuid(), contextId: uuid(), status: { state: 'TASK_STATE_WORKING', timestamp: '2026-11-22T19:30:38.622Z' }, artifacts: [{ artifactId: 'a1', parts: [{ text: lorem }] }] }],
  ['agent card', { name: 'weather', securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' } }, skills: [{ id: 'forecast', tags: ['weather'] }] }],
  ['OpenAPI', { components: { schemas: { Login: { properties: { password: { type: 'string', format: 'password', minLength: 12 }, token: { type: 'string' } } } } } }],
  ['usage', { prompt_tokens: 1200, completion_tokens: 345, model: 'gpt-x', system_fingerprint: `fp_${draw(hexDigits, 10)}` }],
  ['password hash', `$2b$12$${draw(alnum, 53)}`],
  ['stack trace', 'Error: token expired\n    at TokenStore.get (/srv/app/node_modules/.pnpm/auth@1.2.3/node_modules/auth/dist/token-store.js:42:13)'],
  ['words', 'apple banana cherry orange lemon grape melon peach mango papaya kiwi plum'],
  ['camel words', draw(lower, 12) + 'Handler' + draw(lower, 9) + 'Factory']
]
