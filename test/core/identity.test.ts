import { execFile } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync, verify } from 'node:crypto'
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { keyObjectFromDid } from '../../packages/core/src/did.ts'
import { createIdentity, ensureIdentity, identityFromKey, readIdentity } from '../../packages/core/src/identity.ts'
import { writeNewSecret } from '../../packages/core/src/secret-file.ts'
import { codeOf } from '../support/failures.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const identityModule = new URL('../../packages/core/src/identity.ts', import.meta.url).href
/** The private key of RFC 8032, section 7.1, test 1. */
const rfcKey = createPrivateKey({
  key: Buffer.from('302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'), format: 'der', type: 'pkcs8'
})

describe('identityFromKey', () => {
  it('signs as RFC 8032 does', () => {
    const identity = identityFromKey(rfcKey)
    expect(Buffer.from(identity.publicKey).toString('hex')).to.equal('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
    expect(Buffer.from(identity.sign(new Uint8Array())).toString('hex')).to.equal(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b')
  })

  it('derives agent DIDs and the sealing key from the key alone, so that they are the same for ever', () => {
    const identity = identityFromKey(rfcKey)
    expect(identity.agentDid('notes')).to.equal(identityFromKey(rfcKey).agentDid('notes'))
    expect({ notes: identity.agentDid('notes'), sealing: Buffer.from(identity.sealingKey).toString('hex') }).to.deep.equal({
      notes: 'did:key:z6MknThAFVpQFMvUpYL63vEAWPi49suvLaKq2zrdmGU6ohP1', sealing: '81db93e09a6edcfce393a61f8f4c47028081770b3221ebcbf7fe9c8377e6af29'
    })
  })

  it('gives every agent and every node another DID', () => {
    const [one, two] = [createIdentity(), createIdentity()]
    const dids = [one.did, two.did, one.agentDid('a'), one.agentDid('b'), two.agentDid('a'), one.agentDid('')]
    expect(new Set(dids).size).to.equal(dids.length)
  })

  it('refuses keys that are not Ed25519', async () => {
    expect(await codeOf(() => identityFromKey(generateKeyPairSync('x25519').privateKey))).to.equal('MESH_KEY_INVALID')
    expect(await codeOf(() => identityFromKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey))).to.equal('MESH_KEY_INVALID')
  })
})

describe('ensureIdentity', () => {
  it('makes a key that only its owner reads, in a folder that only its owner enters, and leaves nothing else', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('security', 'node_key.pem')
    const { identity, created } = await ensureIdentity(path)
    const modes = [(await stat(path)).mode & 0o777, (await stat(folder.join('security'))).mode & 0o777]
    expect([created, ...modes, await readdir(folder.join('security'))]).to.deep.equal([true, 0o600, 0o700, ['node_key.pem']])
    expect(verify(null, Buffer.from('x'), keyObjectFromDid(identity.did), identity.sign(Buffer.from('x')))).to.equal(true)
  })

  it('keeps the key that is there', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('node_key.pem')
    const first = await ensureIdentity(path)
    const pem = await readFile(path, 'utf8')
    const second = await ensureIdentity(path)
    expect([second.created, second.identity.did, await readFile(path, 'utf8')]).to.deep.equal([false, first.identity.did, pem])
  })

  it('gives processes that start at the same moment one key, which one of them made', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('node_key.pem')
    const script = `const { ensureIdentity } = await import(${JSON.stringify(identityModule)})
      const { identity: { did }, created } = await ensureIdentity(${JSON.stringify(path)})
      console.log(JSON.stringify({ did, created }))`
    const start = () => promisify(execFile)(process.execPath, ['--import', 'tsx/esm', '--input-type=module', '-e', script])
    const told = (await Promise.all([start(), start(), start()])).map(({ stdout }) => JSON.parse(stdout) as { did: string, created: boolean })
    const { did } = await readIdentity(path)
    expect([told.map((each) => each.did), told.filter(({ created }) => created).length]).to.deep.equal([[did, did, did], 1])
  })

  it('does not make a new key in place of one that it cannot use', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('node_key.pem')
    await writeFile(path, 'garbage', { mode: 0o600 })
    expect([await codeOf(() => ensureIdentity(path)), await readFile(path, 'utf8')]).to.deep.equal(['MESH_KEY_INVALID', 'garbage'])
  })

  it('gives everybody in one process one key, which one of them made, and leaves nothing else', async () => {
    await using folder = await temporaryFolder()
    for (let round = 0; round < 10; round++) {
      const path = folder.join(`${round}.pem`)
      const made = await Promise.all(Array.from({ length: 8 }, () => ensureIdentity(path)))
      const { did } = await readIdentity(path)
      expect([made.map(({ identity }) => identity.did), made.filter(({ created }) => created).length]).to.deep.equal([made.map(() => did), 1])
    }
    expect((await readdir(folder.path)).length).to.equal(10)
  })
})

describe('readIdentity', () => {
  const cases: Record<string, [code: string, prepare: (path: string) => Promise<unknown>]> = {
    'is missing': ['MESH_KEY_MISSING', async () => {}],
    'is empty': ['MESH_KEY_INVALID', (path) => writeFile(path, '', { mode: 0o600 })],
    'is garbage': ['MESH_KEY_INVALID', (path) => writeFile(path, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', { mode: 0o600 })],
    'holds a key of another kind': ['MESH_KEY_INVALID', (path) => writeFile(path, generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })],
    'may be read by the group': ['MESH_KEY_EXPOSED', async (path) => { await ensureIdentity(path); await chmod(path, 0o640) }],
    'may be read by all': ['MESH_KEY_EXPOSED', async (path) => { await ensureIdentity(path); await chmod(path, 0o604) }],
    'cannot be read (a folder)': ['MESH_KEY_UNREADABLE', (path) => mkdir(path, { mode: 0o700 })]
  }
  for (const [what, [code, prepare]] of Object.entries(cases)) {
    it(`rejects with ${code} when the file ${what}, naming it`, async () => {
      await using folder = await temporaryFolder()
      const path = folder.join('node_key.pem')
      await prepare(path)
      const error = await readIdentity(path).catch((error: unknown) => error) as { code: string, message: string }
      expect([error.code, error.message.includes(path)]).to.deep.equal([code, true])
    })
  }
})

describe('writeNewSecret', () => {
  it('writes one of several secrets whole, and says whose', async () => {
    await using folder = await temporaryFolder()
    const secrets = ['one', 'two'.repeat(1_000), 'three']
    const written = await Promise.all(secrets.map((secret) => writeNewSecret(folder.join('secret'), secret)))
    expect([written.filter(Boolean).length, await readFile(folder.join('secret'), 'utf8')]).to.deep.equal([1, secrets[written.indexOf(true)]])
  })

  it('says when the disk refuses', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.join('file'), '')
    expect(await codeOf(() => writeNewSecret(folder.join('file', 'key'), 'secret'))).to.equal('MESH_DISK_FAILED')
  })
})
