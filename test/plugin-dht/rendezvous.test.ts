import { createIdentity } from '@akshi/core'
import { expect } from 'chai'
import { Rendezvous } from '../../packages/plugin-dht/src/rendezvous.ts'

const hex = (keys: readonly Uint8Array[]) => keys.map((key) => Buffer.from(key).toString('hex'))

describe('Rendezvous', () => {
  it('has keys that only who knows the mesh and its secret can compute', () => {
    const keys = [['a', undefined], ['b', undefined], ['a', 's'], ['b', 's'], ['a', 't'], ['s', undefined]]
      .flatMap(([id = '', secret]) => hex(new Rendezvous(id, secret).keysToAsk(1_000)))
    expect(new Set(keys).size).to.equal(6 * 9)
  })

  it('has one key for a small mesh', () => {
    const mesh = new Rendezvous('a', 's')
    const { did } = createIdentity()
    expect(hex(mesh.keysToProvide(did, 99))).to.deep.equal(hex(mesh.keysToAsk(99)))
    expect(mesh.keysToAsk(99).length).to.equal(1)
  })

  it('lists each of a large mesh under one shard, and about 200 of them under the common key', () => {
    const mesh = new Rendezvous('a', 's')
    const [common = '', ...shards] = hex(mesh.keysToAsk(1_000))
    const listed = Array.from({ length: 1_000 }, () => hex(mesh.keysToProvide(createIdentity().did, 1_000)))
    const at = (key: string) => listed.filter((keys) => keys.includes(key)).length
    expect(at(common)).to.be.within(140, 260)
    expect(shards.map(at).reduce((sum, count) => sum + count)).to.equal(1_000)
    for (const shard of shards) expect(at(shard)).to.be.within(85, 170)
  })

  it('lists all under the common key while they are fewer than 200', () => {
    const mesh = new Rendezvous('a', 's')
    const common = hex(mesh.keysToAsk(1))[0]
    for (let index = 0; index < 100; index++) expect(hex(mesh.keysToProvide(createIdentity().did, 200))).to.include(common)
  })
})
