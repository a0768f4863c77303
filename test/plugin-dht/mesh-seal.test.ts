import { createIdentity, systemRandom } from '@akshi/core'
import { expect } from 'chai'
import { MeshSeal } from '../../packages/plugin-dht/src/mesh-seal.ts'
import { DhtNode, meshId } from './support/dht-lab.ts'

const node = new DhtNode()
const { bytes, announcement: { seq } } = node.sign([{ host: '203.0.113.7', port: 3_210 }], { agents: ['planner'] })
const seal = (secret?: string, mesh = meshId) => new MeshSeal(mesh, secret, systemRandom)
const opened = (by: MeshSeal, content: Uint8Array, at = Date.now()) => by.open(node.did, content, at)?.announcement.seq

describe('MeshSeal', () => {
  it('is opened by members, and by nobody who lacks the secret', () => {
    const content = seal('a long secret').close(node.did, bytes)
    expect([opened(seal('a long secret'), content), opened(seal('another'), content), opened(seal(), content), opened(seal('a long secret', 'other'), content)])
      .to.deep.equal([seq, undefined, undefined, undefined])
    expect(Buffer.from(content).includes('planner')).to.equal(false)
  })

  it('is in the clear in a mesh without a secret, and still of that mesh alone', () => {
    const content = seal().close(node.did, bytes)
    expect([opened(seal(), content), opened(seal(undefined, 'other'), content), Buffer.from(content).includes('planner')]).to.deep.equal([seq, undefined, true])
  })

  it('opens nothing that was changed, is of another node, or has expired', () => {
    const content = seal('s').close(node.did, bytes)
    for (let index = 0; index < content.length; index++) {
      const changed = Uint8Array.from(content)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(opened(seal('s'), changed)).to.equal(undefined)
    }
    expect(seal('s').open(createIdentity().did, content, Date.now())).to.equal(undefined)
    expect(opened(seal('s'), content, Date.now() + 3_700_000)).to.equal(undefined)
    for (const length of [0, 5, 12, 28]) expect(opened(seal('s'), content.subarray(0, length))).to.equal(undefined)
  })
})
