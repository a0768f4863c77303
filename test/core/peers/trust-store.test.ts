import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { TrustStore, type Cut } from '../../../packages/core/src/peers/trust-store.ts'
import { codeOf } from '../../support/failures.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { madeUpDid } from './peer-fixture.ts'

const [one, two, three] = [madeUpDid(1), madeUpDid(2), madeUpDid(3)]

const tip = (seq: number) => ({ seq, id: new Uint8Array(32).fill(seq) })
const cut: Cut = [
  { feed: { journal: 'notes', part: 'log', origin: one }, tips: [tip(7), tip(9)] }, { feed: { journal: 'notes', part: 'state', origin: one }, tips: [] }
]

async function openStore (path: string): Promise<TrustStore> {
  const store = new TrustStore(path, new VirtualClock())
  await store.open()
  return store
}

describe('TrustStore', () => {
  it('keeps decisions over restarts, in a file for its owner alone', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('home', 'trust.json')
    const store = await openStore(path)
    expect([store.get(one), store.all()]).to.deep.equal([undefined, []])
    await store.trust(one, 'alpha')
    const again = await openStore(path)
    expect([store.get(one), again.get(one), again.get(two), again.all()]).to.deep.equal(['trusted', 'trusted', undefined, [{ did: one, name: 'alpha' }]])
    expect([(await stat(path)).mode & 0o777, await readdir(folder.join('home'))]).to.deep.equal([0o600, ['trust.json']])
  })

  it('keeps every decision of several at once', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('trust.json')
    const store = await openStore(path)
    await Promise.all([one, two, three, one].map((did, index) => store.trust(did, `node ${index}`)))
    expect((await openStore(path)).all()).to.deep.equal([one, two, three].map((did, index) => ({ did, name: `node ${index}` })))
  })

  it('knows who is blocked until they are trusted', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('trust.json')
    const decision = { name: 'x', since: '2025-01-01' }
    await writeFile(path, JSON.stringify({ version: 1, trusted: { [one]: decision }, blocked: { [one]: decision, [two]: decision } }))
    const store = await openStore(path)
    expect([store.get(one), store.get(two)]).to.deep.equal(['blocked', 'blocked'])
    await store.trust(one, 'x')
    const again = await openStore(path)
    expect([store.get(one), again.get(one), again.get(two)]).to.deep.equal(['trusted', 'trusted', 'blocked'])
  })

  it('keeps over restarts who is not trusted any more, with the cut, until they are trusted again', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('trust.json')
    const store = await openStore(path)
    await store.trust(one, 'alpha')
    await Promise.all([store.untrust(one, 'alpha', cut), store.untrust(two, '', [])])
    const again = await openStore(path)
    for (const each of [store, again]) {
      expect([each.get(one), each.get(two), each.cutOf(one), each.cutOf(two), each.cutOf(three), each.nameOf(one), each.all()])
        .to.deep.equal(['untrusted', 'untrusted', cut, [], undefined, 'alpha', [{ did: one, name: 'alpha' }, { did: two, name: '' }]])
    }
    await again.trust(one, 'alpha')
    const later = await openStore(path)
    expect([again.get(one), later.get(one), later.cutOf(one), later.get(two)]).to.deep.equal(['trusted', 'trusted', undefined, 'untrusted'])
  })

  it('keeps the first cut when trust is withdrawn twice, and blocks whom it blocked', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('trust.json')
    await writeFile(path, JSON.stringify({ version: 1, trusted: {}, blocked: { [two]: { name: 'x', since: '2025-01-01' } } }))
    const store = await openStore(path)
    for (const did of [one, two]) {
      await store.untrust(did, 'first', cut)
      await store.untrust(did, 'second', [])
    }
    const again = await openStore(path)
    expect([again.get(one), again.nameOf(one), again.cutOf(one), again.get(two), again.nameOf(two)]).to.deep.equal(['untrusted', 'first', cut, 'blocked', 'x'])
    await again.trust(two, 'x')
    expect([again.get(two), again.cutOf(two)]).to.deep.equal(['trusted', undefined])
  })

  const garbage = {
    'with a cut that makes no sense': `{"version":1,"trusted":{},"blocked":{},"untrusted":{"${one}":{"name":"","since":"","cut":[["notes","log",[[1,"ab"]]]]}}}`,
    'without a cut': `{"version":1,"trusted":{},"blocked":{},"untrusted":{"${one}":{"name":"","since":""}}}`,
    empty: '',
    'cut short': '{"version":1,',
    'of another version': '{"version":2,"trusted":{},"blocked":{}}',
    'without its parts': '{"version":1}',
    'about somebody who is no DID': '{"version":1,"trusted":{"did:key:x":{"name":"x","since":"x"}},"blocked":{}}',
    'without a name': `{"version":1,"trusted":{"${one}":{}},"blocked":{}}`
  }
  for (const [what, text] of Object.entries(garbage)) {
    it(`refuses a file that is ${what}, and leaves it as it is`, async () => {
      await using folder = await temporaryFolder()
      await writeFile(folder.join('trust.json'), text)
      expect([await codeOf(() => openStore(folder.join('trust.json'))), await readFile(folder.join('trust.json'), 'utf8')]).to.deep.equal(['MESH_DISK_FAILED', text])
    })
  }

  it('trusts nobody when that cannot be written, and goes on once it can', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.join('home'), '')
    const store = new TrustStore(folder.join('home', 'trust.json'), new VirtualClock())
    expect([await codeOf(() => store.trust(one, 'alpha')), store.get(one), store.all()]).to.deep.equal(['MESH_DISK_FAILED', undefined, []])
    expect([await codeOf(() => store.untrust(one, 'alpha', cut)), store.get(one), store.cutOf(one)]).to.deep.equal(['MESH_DISK_FAILED', undefined, undefined])
    const blocked = await openStore(folder.join('trust.json'))
    await mkdir(folder.join('trust.json.tmp'))
    expect(await codeOf(() => blocked.trust(one, 'alpha'))).to.equal('MESH_DISK_FAILED')
    expect(await codeOf(() => openStore(folder.path))).to.equal('MESH_DISK_FAILED')
  })
})
