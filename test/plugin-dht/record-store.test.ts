import { createIdentity, type Identity } from '@akshi/core'
import { VirtualClock } from '@akshi/testkit'
import { expect } from 'chai'
import { signRecord } from '../../packages/plugin-dht/src/dht-record.ts'
import '../../packages/plugin-dht/src/polyfill.ts'
import { codeOf } from '../support/failures.ts'
import { distance, providerPath, recordEntry } from './support/datastore.ts'

// libp2p is loaded after the polyfill, as the plugin does it.
const { RecordStore } = await import('../../packages/plugin-dht/src/record-store.ts')

const near = (did: string) => distance(Buffer.from(`/akshi/${did}`), Buffer.from('own'))
const clock = new VirtualClock()
const open = (maxRecords = 100) => new RecordStore({ own: Buffer.from('own'), maxRecords, clock })
const record = (identity: Identity, seq: number, expiresAt = clock.now() + 3_600_000) => signRecord(identity, { seq, issuedAt: Math.floor(clock.now()), expiresAt: Math.floor(expiresAt), content: Buffer.from(`${seq}`) }).bytes

describe('RecordStore', () => {
  it('keeps the newest record of a node, in whatever order they come', async () => {
    const store = open()
    const alice = createIdentity()
    const codes = []
    for (const seq of [2, 1, 3, 2]) {
      const { key, value } = recordEntry(alice.did, record(alice, seq))
      codes.push(await codeOf(() => store.put(key, value)))
    }
    expect(codes).to.deep.equal([undefined, 'MESH_ENVELOPE_INVALID', undefined, 'MESH_ENVELOPE_INVALID'])
    expect(store.record(alice.did)?.seq).to.equal(3)
  })

  it('takes the same record again when it lives longer, and not when it lives shorter', async () => {
    const store = open()
    const alice = createIdentity()
    const put = (lifeMs: number) => {
      const { key, value } = recordEntry(alice.did, record(alice, 1, clock.now() + lifeMs))
      return codeOf(() => store.put(key, value))
    }
    expect([await put(1_000_000), await put(2_000_000), await put(1_000_000)]).to.deep.equal([undefined, undefined, 'MESH_ENVELOPE_INVALID'])
  })

  it('gives no record that has expired, takes an older one in its place, and forgets it when it sweeps', async () => {
    const store = open()
    const [alice, bob] = [createIdentity(), createIdentity()]
    for (const who of [alice, bob]) {
      const { key, value } = recordEntry(who.did, record(who, 5, clock.now() + 1_000))
      store.put(key, value)
    }
    await clock.advance(2_000)
    const { key, value } = recordEntry(alice.did, record(alice, 4))
    expect(store.record(alice.did)).to.equal(undefined)
    expect(await codeOf(() => store.put(key, value))).to.equal(undefined)
    store.sweep()
    expect([store.recordCount, store.record(alice.did)?.seq]).to.deep.equal([1, 4])
  })

  it('keeps those nearest to its node when more come than it may keep', () => {
    const store = open(8)
    const all = Array.from({ length: 64 }, () => createIdentity())
    for (const identity of all) {
      const { key, value } = recordEntry(identity.did, record(identity, 1))
      try { store.put(key, value) } catch {}
    }
    const kept = all.filter(({ did }) => store.record(did) !== undefined).map(({ did }) => did)
    const nearest = all.map(({ did }) => did).sort((a, b) => Buffer.compare(near(a), near(b))).slice(0, 8)
    expect(kept.sort()).to.deep.equal(nearest.sort())
  })

  it('lists a node under few keys, and all nodes of one key', async () => {
    const store = open()
    const put = (name: string, peer: string) => codeOf(() => store.put(providerPath(name, peer), Buffer.of(1)))
    const results = []
    for (let index = 0; index < 10; index++) results.push(await put(`key ${index}`, 'one'))
    expect(results.filter((code) => code === 'MESH_RATE_LIMITED').length).to.equal(2)
    for (let index = 0; index < 30; index++) await put('crowd', `peer${index}`)
    expect(store.providersOf(Buffer.from('crowd')).length).to.equal(30)
    store.delete(providerPath('key 0', 'one'))
    expect(await put('key 11', 'one')).to.equal(undefined)
  })
})
