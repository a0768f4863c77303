import { Lab } from './support/lab.ts'

describe('an append on a connected node', function () {
  this.timeout(60_000)

  it('reaches the peers by being pushed, not by being asked for', async () => {
    await using lab = await Lab.create()
    const nodes = await lab.mesh(['alpha', 'beta', 'gamma'], { intervalSecs: 3600 })
    // All links are up, and no digest is due for an hour.
    for (const node of nodes) await node.append('notes', `from ${node.name}`)
    await lab.agree(nodes, 'notes', ['from alpha', 'from beta', 'from gamma'], 5_000)
  })
})
