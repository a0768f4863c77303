import { expect } from 'chai'
import { Lab } from './support/lab.ts'

describe('concurrent appends', function () {
  this.timeout(60_000)

  it('by three nodes to one journal give each node every entry once, in one order and with identical heads', async () => {
    await using lab = await Lab.create()
    const nodes = await lab.mesh(['alpha', 'beta', 'gamma'])
    const bodies = nodes.map(({ name }) => Array.from({ length: 100 }, (_, index) => `${name} ${index}`))
    const acknowledged = await Promise.all(nodes.flatMap((node, index) => (bodies[index] ?? []).map((body) => node.append('notes', body))))
    await lab.agree(nodes, 'notes', bodies.flat())
    const { ids } = await nodes[0].journal('notes')
    expect([...ids].sort()).to.deep.equal(acknowledged.flat().sort())
  })
})
