import { expect } from 'chai'
import { Lab } from './support/lab.ts'
import type { LabNode } from './support/lab-node.ts'
import { writePlugin } from './support/plugin-file.ts'

describe('catching up', function () {
  this.timeout(60_000)

  it('gives a node that was stopped what the others wrote meanwhile', async () => {
    await using lab = await Lab.create()
    const [alpha, beta, gamma] = await lab.mesh(['alpha', 'beta', 'gamma'])
    await gamma.append('notes', 'before')
    await lab.agree([alpha, beta, gamma], 'notes', ['before'])
    await gamma.stop()
    // More envelopes each than fit into one batch.
    const bodies = await Promise.all([alpha, beta].map((node) => appendInTurn(node, 60)))
    await gamma.start()
    await lab.agree([alpha, beta, gamma], 'notes', ['before', ...bodies.flat()])
  })

  it('passes entries on between two that cannot dial each other', async () => {
    await using lab = await Lab.create()
    const [alpha, beta, gamma] = await Promise.all([lab.home('alpha'), lab.home('beta'), lab.home('gamma')])
    await beta.configure({ peers: [alpha.known, gamma.known] })
    await beta.start()
    for (const [node, other] of [[alpha, gamma], [gamma, alpha]] as const) {
      // What a firewall would do, without one.
      await writePlugin(node, 'no-way', `setup ({ hooks }) {
        hooks.selectTransport.tap('no-way', (choices, peer) => choices.filter(({ reach }) => reach === 'shared' || peer.did !== '${other.did}'))
        return {}
      }`)
      await node.configure({ peers: [beta.reachable, other.known], plugins: ['./no-way.mjs'] })
    }
    await Promise.all([alpha.start(), gamma.start()])
    await lab.linked([alpha, beta])
    await lab.linked([beta, gamma])

    for (const node of [alpha, beta, gamma]) await node.append('notes', `from ${node.name}`)
    await lab.agree([alpha, beta, gamma], 'notes', ['from alpha', 'from beta', 'from gamma'])
    expect([(await alpha.peer(gamma))?.link, (await gamma.peer(alpha))?.link]).to.deep.equal([undefined, undefined])
  })

  it('makes two that know a third know each other', async () => {
    await using lab = await Lab.create()
    const [alpha, beta, gamma] = await Promise.all([lab.home('alpha'), lab.home('beta'), lab.home('gamma')])
    await beta.configure({ peers: [alpha.known, gamma.known] })
    await beta.start()
    for (const [node, other] of [[alpha, gamma], [gamma, alpha]] as const) {
      await node.configure({ peers: [beta.reachable, other.known] })
    }
    await Promise.all([alpha.start(), gamma.start()])
    await lab.linked([alpha, beta, gamma])
    expect((await alpha.peer(gamma))?.sources).to.deep.equal(['config', 'gossip'])
    await beta.stop()
    await alpha.append('notes', 'without the third')
    await lab.agree([alpha, gamma], 'notes', ['without the third'])
  })
})

async function appendInTurn (node: LabNode, count: number): Promise<readonly string[]> {
  const bodies = Array.from({ length: count }, (_, index) => `${node.name} ${index}`)
  for (const body of bodies) await node.append('notes', body)
  return bodies
}
