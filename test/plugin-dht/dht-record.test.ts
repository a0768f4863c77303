import { createIdentity } from '@akshi/core'
import { expect } from 'chai'
import { encode } from 'cborg'
import { maxRecordBytes, openRecord, readRecord, signRecord } from '../../packages/plugin-dht/src/dht-record.ts'
import { codeOf } from '../support/failures.ts'

const now = Date.UTC(2026, 0, 1)
const [alice, bob] = [createIdentity(), createIdentity()]
const fields = { seq: 7, issuedAt: now, expiresAt: now + 3_600_000, content: Buffer.from('content') }
const { bytes } = signRecord(alice, fields)
const refused = (what: Uint8Array, did: string = alice.did, at = now) => codeOf(() => openRecord(what, did, at))

describe('dht-record', () => {
  it('opens what a node signed, for anybody', () => {
    const { record } = openRecord(bytes, alice.did, now)
    expect({ ...record, content: Buffer.from(record.content) }).to.deep.equal({ did: alice.did, ...fields })
    expect(readRecord(bytes)).to.deep.equal(record)
  })

  it('refuses a record with any bit changed', async () => {
    for (let index = 0; index < bytes.length; index++) {
      const forged = Uint8Array.from(bytes)
      forged[index] = (forged[index] ?? 0) ^ 1
      expect(await refused(forged), `byte ${index}`).to.equal('MESH_ENVELOPE_INVALID')
    }
  })

  it('refuses one that another node signed', async () => {
    const payload = encode([1, alice.did, 8, now, now + 1_000, new Uint8Array()])
    const forged = encode([payload, bob.sign(Buffer.concat([Buffer.from('akshi-dht-record/v1\0'), payload]))])
    expect(await refused(forged)).to.equal('MESH_ENVELOPE_INVALID')
  })

  it('refuses a signature that was given for something else', async () => {
    const payload = encode([1, alice.did, 8, now, now + 1_000, new Uint8Array()])
    expect(await refused(encode([payload, alice.sign(payload)]))).to.equal('MESH_ENVELOPE_INVALID')
  })

  it('refuses the record of one node under the key of another', async () => {
    expect(await refused(bytes, bob.did)).to.equal('MESH_ENVELOPE_INVALID')
  })

  it('refuses one that has expired, comes from the future, or is to live for long', async () => {
    expect(await refused(bytes, alice.did, now + 3_600_000)).to.equal('MESH_ENVELOPE_INVALID')
    expect(await refused(bytes, alice.did, now - 180_000)).to.equal('MESH_ENVELOPE_INVALID')
    expect(await refused(signRecord(alice, { ...fields, expiresAt: now + 86_400_000 }).bytes)).to.equal('MESH_ENVELOPE_INVALID')
  })

  it('neither signs nor opens more than its size', async () => {
    expect(await codeOf(() => signRecord(alice, { ...fields, content: new Uint8Array(maxRecordBytes) }))).to.equal('MESH_ENVELOPE_INVALID')
    expect(await refused(Buffer.concat([bytes, new Uint8Array(maxRecordBytes)]))).to.equal('MESH_ENVELOPE_INVALID')
  })

  it('asks whether it is news before it checks a signature', async () => {
    const asked: number[] = []
    expect(await codeOf(() => openRecord(bytes, alice.did, now, ({ seq }) => { asked.push(seq); return false }))).to.equal('MESH_ENVELOPE_INVALID')
    expect(asked).to.deep.equal([7])
  })

  it('refuses what is no record at all', async () => {
    for (const nonsense of [new Uint8Array(), Buffer.of(0xff), encode(1), encode([]), encode([new Uint8Array(), new Uint8Array(64)]), encode([encode([2, alice.did, 1, 1, 2, new Uint8Array()]), new Uint8Array(64)])]) {
      expect(await refused(nonsense)).to.equal('MESH_ENVELOPE_INVALID')
    }
  })
})
