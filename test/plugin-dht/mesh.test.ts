import { expect } from 'chai'
import { DhtLab, DhtNode } from './support/dht-lab.ts'
import { published } from './support/published.ts'

describe('a mesh over the DHT', function () {
  this.timeout(90_000)

  it('brings all together that know one node of it', async () => {
    await using lab = new DhtLab()
    const nodes = await lab.mesh(8)
    expect(nodes.map((node) => node.found.size)).to.deep.equal(nodes.map(() => 7))
  })

  it('sees nothing of another mesh on the same DHT, nor is seen', async () => {
    await using lab = new DhtLab()
    const ours = await lab.mesh(4)
    const [first] = ours as [DhtNode]
    const theirs = await Promise.all([undefined, 'another secret of theirs'].flatMap((meshSecret) => [0, 1].map(() => lab.node({ meshSecret, through: [first] }))))
    await Promise.all(theirs.map((node) => node.until(() => node.found.size >= 1, 'finds the other of its own')))
    const late = await lab.node({ through: [first] })
    await late.until(() => late.found.size >= 4, 'finds all of its own')
    const ourDids = new Set([...ours, late].map(({ did }) => did))
    expect([...ours, late].flatMap((node) => [...node.found]).filter((did) => !ourDids.has(did))).to.deep.equal([])
    expect(theirs.map((node) => node.found.size)).to.deep.equal([1, 1, 1, 1])
    expect(theirs.flatMap((node) => [...node.found, ...node.discovery.members().map(({ did }) => did)]).filter((did) => ourDids.has(did))).to.deep.equal([])
    expect((await theirs[0]?.discovery.lookup(first.did))?.reason).to.equal('its record is of another mesh')
  })

  it('finds every record when the bootstrap node and three in ten are gone, and lets new nodes in through any that is left', async () => {
    await using lab = new DhtLab()
    const nodes = await lab.mesh(10, { farewellMs: 0 })
    const [gone, left] = [nodes.slice(0, 4), nodes.slice(4)]
    await Promise.all(nodes.map((node) => published(node)))
    await Promise.all(gone.map((node) => node.stop()))
    for (const one of left) {
      for (const other of nodes) if (one !== other) expect((await one.discovery.lookup(other.did)).addresses.length, `${other.did} at ${one.did}`).to.equal(1)
    }
    const late = await lab.node({ through: left.slice(-1) })
    await late.until(() => left.every(({ did }) => late.found.has(did)), 'a new node finds those that are left')
  })

  it('needs no bootstrap node for its second life', async () => {
    await using lab = new DhtLab()
    const [first, second, third] = await lab.mesh(3) as [DhtNode, DhtNode, DhtNode]
    const { place } = first
    await third.stop()
    await first.stop()
    const again = await lab.node({ identity: third.identity, through: [{ place } as DhtNode], remembered: { read: async () => third.remembered, write: async () => {} } })
    await again.until(() => again.found.has(second.did), 'finds the other')
  })

  it('goes on trying while nobody answers', async () => {
    await using lab = new DhtLab()
    const first = new DhtNode()
    await first.start()
    const { place, port } = first
    await first.stop()
    const waiting = await lab.node({ through: [{ place } as DhtNode] })
    expect(waiting.discovery.status().state).to.equal('joining')
    const again = await lab.node({ identity: first.identity, listen: { host: '127.0.0.1', port } })
    await waiting.until(() => waiting.found.has(again.did), 'finds it')
    expect(waiting.discovery.status().state).to.equal('joined')
  })

  it('hears soon of what a member changes', async () => {
    await using lab = new DhtLab()
    const [first, second] = await lab.mesh(2) as [DhtNode, DhtNode]
    await first.announce([{ host: '127.0.0.1', port: 5_555 }])
    await second.until(() => second.heard.some(({ addresses }) => addresses.some(({ port }) => port === 5_555)), 'the new address', 3_000)
  })

  it('learns of a node that nobody can dial, from the DHT', async () => {
    await using lab = new DhtLab()
    const [first, second] = await lab.mesh(3) as [DhtNode, DhtNode]
    const hidden = await lab.node({ through: [first], external: { host: '192.0.2.1', port: 9 } })
    await second.until(() => second.found.has(hidden.did), 'finds it')
    expect(second.heard.find(({ did }) => did === hidden.did)?.announcement instanceof Uint8Array).to.equal(true)
  })
})
