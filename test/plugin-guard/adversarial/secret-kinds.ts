import { generateKeyPairSync } from 'node:crypto'
import { alnum, base58, digits, draw, drawBytes, drawMixed, hexDigits, lower, upper, urlSafe } from './draws.ts'

/** A kind of secret, and one of it, as it stands where people and programs keep it. */
export type Kind = readonly [name: string, text: string]

const part = (...parts: readonly string[]) => parts.join('')
const ed25519 = generateKeyPairSync('ed25519').privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const pem = (key: typeof ed25519, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') => key.export({ format: 'pem', type: type as 'pkcs8' }).toString()
const key32 = () => drawBytes(32).toString('base64')
const jwtPart = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const words = ['ladder', 'orbit', 'velvet', 'canoe', 'pistol', 'mango', 'thunder', 'basket', 'lemon', 'cradle', 'fossil', 'window']
const openSsh = Buffer.concat([Buffer.from('openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none'), drawBytes(180)]).toString('base64').replace(/(.{70})/g, '$1\n')
const openSshPem = part('-----BEGIN OPENSSH ', 'PRIVATE KEY-----\n', openSsh, '\n-----END OPENSSH ', 'PRIVATE KEY-----\n')

/** Secrets by themselves: more than 40 formats. */
export const kinds: readonly Kind[] = [
  ['ed25519-pkcs8', pem(ed25519)],
  ['rsa-pkcs8', pem(rsa)],
  ['rsa-pkcs1', pem(rsa, 'pkcs1')],
  ['ec-sec1', pem(ec, 'sec1')],
  ['openssh', openSshPem],
  ['ed25519-der', ed25519.export({ format: 'der', type: 'pkcs8' }).toString('base64')],
  ['rsa-der', rsa.export({ format: 'der', type: 'pkcs8' }).toString('base64')],
  ['private-jwk', JSON.stringify(ed25519.export({ format: 'jwk' }))],
  ['ec-jwk', JSON.stringify(ec.export({ format: 'jwk' }))],
  ['symmetric-jwk', JSON.stringify({ kty: 'oct', k: drawBytes(32).toString('base64url'), alg: 'HS256' })],
  ['aws-access-key-id', part('AK', 'IA', draw(`${upper}234567`, 16))],
  ['aws-secret-key', part('aws_secret_access', '_key = ', draw(alnum, 38), 'x7')],
  ['google-api-key', part('AI', 'za', drawMixed(urlSafe, 35))],
  ['google-client-secret', part('GOC', 'SPX-', drawMixed(urlSafe, 28))],
  ['gcp-service-account', JSON.stringify({ type: 'service_account', private_key_id: draw(hexDigits, 40), private_key: pem(rsa), client_email: 'x@y.iam.gserviceaccount.com' })],
  ['jwt', part(jwtPart({ alg: 'HS256', typ: 'JWT' }), '.', jwtPart({ sub: '1234567890', iat: 1516239022 }), '.', draw(urlSafe, 43))],
  ['bearer', part('Authorization: Bea', 'rer ', drawMixed(alnum, 40))],
  ['basic', part('Authorization: Ba', 'sic ', Buffer.from('deploy:tr0ub4dor&3').toString('base64'))],
  ['huggingface', part('h', 'f_', draw(upper + lower, 34))],
  ['stripe', part('sk_', 'live_', drawMixed(alnum, 24))],
  ['stripe-restricted', part('rk_', 'test_', drawMixed(alnum, 24))],
  ['webhook', part('whs', 'ec_', drawMixed(alnum, 32))],
  ['gitlab', part('gl', 'pat-', drawMixed(urlSafe, 20))],
  ['groq', part('gs', 'k_', drawMixed(alnum, 52))],
  ['anthropic', part('sk-', 'ant-api03-', draw(urlSafe, 93), 'AA')],
  ['openai', part('sk-', drawMixed(alnum, 20), 'T3Blbk', 'FJ', drawMixed(alnum, 20))],
  ['openai-project', part('sk-', 'proj-', drawMixed(urlSafe, 120))],
  ['openrouter', part('sk-', 'or-v1-', draw(hexDigits, 64))],
  ['slack', part('xo', 'xb-', draw(digits, 12), '-', draw(digits, 12), '-', drawMixed(alnum, 24))],
  ['slack-webhook', part('https://hooks.slack', '.com/services/T', draw(upper, 8), '/B', draw(upper, 8), '/', drawMixed(alnum, 24))],
  ['npm', part('np', 'm_', drawMixed(alnum, 36))],
  ['npmrc', part('//registry.npmjs.org/:_auth', 'Token=', drawMixed(alnum, 36))],
  ['github', part('gh', 'p_', drawMixed(alnum, 36))],
  ['github-fine-grained', part('github', '_pat_', drawMixed(alnum, 82))],
  ['sendgrid', part('S', 'G.', drawMixed(alnum, 22), '.', drawMixed(alnum, 43))],
  ['azure-storage', part('DefaultEndpointsProtocol=https;AccountName=acme;Account', 'Key=', drawBytes(64).toString('base64'), ';EndpointSuffix=core.windows.net')],
  ['azure-client-secret', part(draw(alnum, 3), '8Q', '~', drawMixed(alnum, 34))],
  ['azure-sas', part('https://acme.blob.core.windows.net/c/b?sv=2022-11-02&sp=r&s', 'ig=', encodeURIComponent(key32()))],
  ['twilio', part('S', 'K', draw(hexDigits, 32))],
  ['telegram', part('912345678', ':A', 'A', drawMixed(urlSafe, 33))],
  ['digitalocean', part('dop', '_v1_', draw(hexDigits, 64))],
  ['docker', part('dckr', '_pat_', drawMixed(urlSafe, 27))],
  ['vault', part('hv', 's.', drawMixed(alnum, 24))],
  ['tailscale', part('tsk', 'ey-auth-', drawMixed(alnum, 17), '-', drawMixed(alnum, 32))],
  ['age', part('AGE-SECRET', '-KEY-1', draw('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58))],
  ['wireguard', part('[Interface]\nAddress = 10.0.0.2/24\nPrivate', 'Key = ', key32(), '\n[Peer]\nPublicKey = ', key32())],
  ['wireguard-preshared', part('[Peer]\nPreshared', 'Key=', key32())],
  ['netrc', part('machine git.example.net login ann pass', 'word ', drawMixed(alnum, 12))],
  ['postgres', part('postgres', '://app:', drawMixed(alnum, 14), '@db.internal:5432/app')],
  ['mongodb', part('mongodb+srv', '://root:', drawMixed(alnum, 14), '@cluster0.mongodb.net/x')],
  ['redis', part('redis', '://:', drawMixed(alnum, 20), '@10.0.0.5:6379/0')],
  ['amqp', part('amqps', '://svc:', drawMixed(alnum, 16), '@mq.internal/vhost')],
  ['url-basic', part('https', '://ann:', drawMixed(alnum, 12), '@git.internal.net/repo.git')],
  ['ado-connection', part('Server=db;Database=app;User Id=sa;Pass', 'word=', drawMixed(alnum, 14), ';Encrypt=true')],
  ['password', part('pass', 'word=', drawMixed(lower, 8))],
  ['env-password', part('export DB_PASS', 'WORD="', 'S3a-horse', draw(lower, 6), '"')],
  ['yaml-password', part('db:\n  user: app\n  pass', 'word: ', drawMixed(alnum, 10), '\n')],
  ['api-key-header', part('x-api', '-key: ', draw(hexDigits, 31), 'a')],
  ['client-secret', part('client_', 'secret=', drawMixed(alnum, 32), '&grant_type=client_credentials')],
  ['query-token', part('https://api.example.net/v1/things?access_', 'token=', drawMixed(alnum, 40))],
  ['seed-phrase', part('recovery ph', 'rase: ', words.join(' '))],
  ['private-multikey', part('z3', 'u2', draw(base58, 46))],
  ['putty', part('PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 1\n', draw(alnum, 60), '\nPrivate', '-Lines: 1\n', drawMixed(alnum, 44), '\n')],
  ['pgp', part('-----BEGIN PGP ', 'PRIVATE KEY BLOCK-----\n\n', drawBytes(300).toString('base64').replace(/(.{64})/g, '$1\n'), '\n-----END PGP ', 'PRIVATE KEY BLOCK-----')],
  ['encrypted-pem', part('-----BEGIN RSA ', 'PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,', draw(hexDigits, 32).toUpperCase(), '\n\n', drawBytes(200).toString('base64'), '\n-----END RSA ', 'PRIVATE KEY-----')]
]
