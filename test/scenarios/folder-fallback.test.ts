import { expect } from 'chai'
import { countEnvelopes } from './support/folder.ts'
import { Lab } from './support/lab.ts'
import type { LabNode } from './support/lab-node.ts'
import type { NodeOptions } from './support/runtime-file.ts'

/** Which transports are in use, and whether the folder is written. */
async function carriers (node: LabNode): Promise<{ active: readonly string[], reason: string, writing: readonly boolean[] }> {
  const { transport: { active, reason }, shared } = await node.status()
  return { active, reason, writing: shared.map(({ writing }) => writing) }
}

describe('the shared folder', function () {
  this.timeout(60_000)
  const options: NodeOptions = { trust: 'lan', mdns: true, folder: 'lab' }

  it('carries envelopes while there is no peer, and hands over to HTTP and back without losing or repeating any', async () => {
    await using lab = await Lab.create()

    // Alone.
    const alpha = await lab.node('alpha', options)
    await alpha.append('notes', 'alone 1')
    await alpha.append('notes', 'alone 2')
    await lab.eventually(async () => expect(await countEnvelopes(lab.sharedDir)).to.equal(2))
    expect(await carriers(alpha)).to.deep.equal({
      active: ['fs'], writing: [true], reason: 'no trusted peer is known: the shared folder carries envelopes'
    })

    // The first peer.
    const beta = await lab.node('beta', options)
    await lab.eventually(async () => {
      for (const node of [alpha, beta]) {
        expect(await carriers(node)).to.deep.equal({ active: ['http'], writing: [false], reason: '1 of 1 trusted peers linked' })
      }
    })
    await lab.agree([alpha, beta], 'notes', ['alone 1', 'alone 2'])
    const carried = await countEnvelopes(lab.sharedDir)
    await beta.append('notes', 'together 1')
    await alpha.append('notes', 'together 2')
    await lab.agree([alpha, beta], 'notes', ['alone 1', 'alone 2', 'together 1', 'together 2'])
    expect(await countEnvelopes(lab.sharedDir)).to.equal(carried)

    // The last peer gone.
    await beta.stop()
    await lab.eventually(async () => expect((await carriers(alpha)).active).to.deep.equal(['fs']))
    expect((await carriers(alpha)).reason).to.match(/^0 of 1 trusted peers linked \(beta: it said goodbye\); the shared folder carries/)
    await alpha.append('notes', 'alone again')
    await lab.eventually(async () => expect(await countEnvelopes(lab.sharedDir)).to.equal(5))

    // And back, at another port.
    await beta.start()
    const all = ['alone 1', 'alone 2', 'together 1', 'together 2', 'alone again']
    await lab.agree([alpha, beta], 'notes', all)
    await lab.eventually(async () => {
      for (const node of [alpha, beta]) expect((await carriers(node)).active).to.deep.equal(['http'])
    })
    await beta.append('notes', 'together again')
    await lab.agree([alpha, beta], 'notes', [...all, 'together again'])
  })

  it('brings a member that can be met nowhere else into step with two that are linked', async () => {
    await using lab = await Lab.create()
    const [alpha, beta, gamma] = await Promise.all([lab.home('alpha'), lab.home('beta'), lab.home('gamma')])
    await alpha.configure({ folder: 'lab', peers: [beta.known, gamma.known] })
    await alpha.start()
    await beta.configure({ folder: 'lab', peers: [alpha.reachable, gamma.known] })
    await beta.start()
    await lab.linked([alpha, beta])
    await gamma.configure({ folder: 'lab', peers: [alpha.known, beta.known] })
    await gamma.start()

    for (const node of [alpha, beta, gamma]) await node.append('notes', `${node.name} 1`, `${node.name} 2`)
    await lab.agree([alpha, beta, gamma], 'notes', ['alpha 1', 'alpha 2', 'beta 1', 'beta 2', 'gamma 1', 'gamma 2'])
    expect((await carriers(gamma)).active).to.deep.equal(['fs'])
    expect((await carriers(alpha)).active).to.deep.equal(['http', 'fs'])
    expect((await alpha.peer(gamma))?.via).to.deep.equal({ transport: 'fs', reason: 'no link works: no address of it is known' })
  })
})
