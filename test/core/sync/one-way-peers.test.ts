import { expect } from 'chai'
import { Lab } from '../../testkit/support/lab.ts'

/** A hub that can call nobody, and two others that can call the hub alone. */
function oneWayLab (): Lab {
  const lab: Lab = new Lab({
    nodes: 3,
    isAddressed: true,
    fateOf: ({ from, to, isAnswer }) => isAnswer || (from !== lab.node(0).did && to === lab.node(0).did) ? undefined : []
  })
  return lab
}

describe('peers that call, and cannot be called,', () => {
  it('hear in the answers that they get of those whom they cannot meet', async () => {
    await using lab = oneWayLab()
    await lab.start()
    const hasHeard = (one: number, of: number) => lab.node(one).control.why(lab.node(of).did).tries.some(({ source }) => source === 'gossip')
    expect(await lab.runUntil(() => hasHeard(1, 2) && hasHeard(2, 1))).to.equal(true)
  })

  it('hear it again when they have restarted', async () => {
    await using lab = oneWayLab()
    await lab.start()
    const hasHeard = () => lab.node(1).isUp && lab.node(1).control.why(lab.node(2).did).tries.some(({ source }) => source === 'gossip')
    await lab.runUntil(hasHeard)
    await lab.node(1).stop()
    await lab.node(1).start()
    expect([hasHeard(), await lab.runUntil(hasHeard)]).to.deep.equal([false, true])
  })

  it('are reached by ways that say so: it calls, or through whom', async () => {
    await using lab = oneWayLab()
    await lab.start()
    const pathOf = (one: number, other: number) => lab.node(one).control.why(lab.node(other).did).peer.path
    await lab.until(lab.node(2).control.append('notes', [{ body: 1 }]))
    await lab.runUntil(() => pathOf(1, 2)?.kind === 'via' && pathOf(0, 1)?.kind === 'called')
    expect([pathOf(1, 2)?.through, pathOf(0, 1)?.kind, pathOf(1, 0)?.kind]).to.deep.equal([['node-0'], 'called', 'direct'])
  })
})
