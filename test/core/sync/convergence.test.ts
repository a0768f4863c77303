import { expect } from 'chai'
import type { FeedState } from '../../../packages/core/src/transport.ts'
import type { LinkLoop } from '../../../packages/core/src/sync/link-loop.ts'
import { compareWith, describeConvergence, headsOf } from '../../../packages/core/src/sync/convergence.ts'
import { createIdentity } from '../../../packages/core/src/identity.ts'
import { LoopFixture, makePair } from './loop-fixture.ts'
import { MeshNode } from './mesh-node.ts'
import { partsOf } from './convergence-fixture.ts'
import { onJournal } from '../../support/on-journal.ts'

const all = () => true

/** What a node says of its convergence with another over this loop. */
function tell (node: MeshNode, other: MeshNode, loop: LinkLoop | undefined, agent?: string) {
  const peer = node.peers.get(other.did)
  if (peer === undefined) throw new TypeError('the other one is trusted')
  return describeConvergence({ ...partsOf(node), peers: [peer], linkTo: () => loop }, { agent })
}

const rowOf = (...args: Parameters<typeof tell>) => {
  const { converged, peers: [row] } = tell(...args)
  return { all: converged, lag: row?.lag, behind: row?.behind, acked: row?.acked_seq, one: row?.converged }
}

describe('describeConvergence', () => {
  it('is converged when the peer itself said that it has the same', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1, 2)
    await two.append(3)
    await using fixture = await new LoopFixture(one, two).start()
    expect(rowOf(one, two, fixture.loop)).to.deep.equal({ all: true, lag: 0, behind: 0, acked: 2, one: true })
    const { agent, local_seq: localSeq, heads, reason } = tell(one, two, fixture.loop)
    expect([agent, localSeq, heads, reason]).to.deep.equal([null, 2, headsOf(two.journals.states()), 'every trusted peer (1) has the same'])
  })

  it('counts what the peer lacks and what this node lacks, until they know better', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    one.hooks.beforeEnvelopeSend.tap('test', onJournal(({ seq }) => seq > 1 ? { reason: 'quota' } : undefined))
    await one.append(1, 2, 3)
    await using fixture = await new LoopFixture(one, two).start()
    expect(rowOf(one, two, fixture.loop)).to.deep.equal({ all: false, lag: 2, behind: 0, acked: 1, one: false })
    expect(tell(one, two, fixture.loop).reason).to.match(/: it lacks 2 envelopes, held back here: quota$/)
    await two.append(4)
    fixture.loop.session.note(two.journals.states())
    expect(rowOf(one, two, fixture.loop)).to.deep.equal({ all: false, lag: 2, behind: 1, acked: 1, one: false })
  })

  it('is not converged while the link is down, whatever the peer said before', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1)
    await using fixture = await new LoopFixture(one, two).start()
    fixture.link.broken = new Error('connection refused')
    await fixture.after(() => fixture.loop.look())
    expect([rowOf(one, two, fixture.loop), tell(one, two, fixture.loop).peers[0]?.reason]).to.deep.equal([{ all: false, lag: 0, behind: 0, acked: 1, one: false }, 'no working link: connection refused'])
  })

  it('is not converged with a peer that has not said anything, or has no link: it may lack everything', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1)
    await using fixture = new LoopFixture(one, two)
    const expected = { all: false, lag: 1, behind: 0, acked: 0, one: false }
    expect([rowOf(one, two, undefined), rowOf(one, two, fixture.loop)]).to.deep.equal([expected, expected])
  })

  it('looks at one journal when it is asked about one', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    one.hooks.beforeEnvelopeSend.tap('test', onJournal(({ feed: { journal } }) => journal === 'held' ? { reason: 'quota' } : undefined))
    await one.append(1)
    await one.appendTo('held', 2)
    await using fixture = await new LoopFixture(one, two).start()
    expect([rowOf(one, two, fixture.loop, 'notes').all, rowOf(one, two, fixture.loop, 'held').all, tell(one, two, fixture.loop, 'held').local_seq]).to.deep.equal([true, false, 1])
  })

  it('is not disturbed by what either side does not admit', async () => {
    await using pair = await makePair()
    await using third = await MeshNode.make()
    const { one, two } = pair
    await one.peers.trust(third.did)
    await third.append(1)
    await one.inbox.receive(await third.envelopes(), third.source)
    await using fixture = await new LoopFixture(one, two).start()
    expect([rowOf(one, two, fixture.loop).all, tell(one, two, fixture.loop).peers[0]?.reason]).to.deep.equal([true, 'it has the same, but for 1 feeds whose origins it does not trust'])
    await using other = await new LoopFixture(two, one).start()
    expect(rowOf(two, one, other.loop)).to.deep.equal({ all: true, lag: 0, behind: 0, acked: 0, one: true })
  })

  it('counts the envelopes of every path of a feed that is forked', async () => {
    await using pair = await makePair()
    const identity = createIdentity()
    await using before = await MeshNode.make({ identity })
    await before.append('shared')
    const disk = before.disk.afterKill()
    await before.append('one life')
    await using after = await MeshNode.make({ identity, disk })
    await after.append('other life', 'goes on')
    const { one, two } = pair
    for (const node of [one, two]) await node.peers.trust(identity.did)
    for (const node of [one, two]) await node.inbox.receive(await before.envelopes(), before.source)
    await one.inbox.receive(await after.envelopes(), after.source)
    one.hooks.beforeEnvelopeSend.tap('test', ({ to }) => to === two.did ? { reason: 'quota' } : undefined)
    await using fixture = await new LoopFixture(one, two).start()
    const { all, lag, behind } = rowOf(one, two, fixture.loop)
    expect([all, lag, behind]).to.deep.equal([false, 2, 0])
    one.hooks.beforeEnvelopeSend.taps.splice(0)
    await using mended = await new LoopFixture(two, one).start()
    expect(rowOf(two, one, mended.loop)).to.deep.equal({ all: true, lag: 0, behind: 0, acked: 0, one: true })
  })

  it('is not disturbed by what the peer took of an origin before it stopped trusting it', async () => {
    await using pair = await makePair()
    await using third = await MeshNode.make()
    const { one, two } = pair
    for (const node of [one, two]) await node.peers.trust(third.did)
    await third.append(1)
    for (const node of [one, two]) await node.inbox.receive(await third.envelopes(), third.source)
    await two.peers.untrust(third.did, two.journals.states())
    await third.append(2)
    await one.inbox.receive(await third.envelopes(), third.source)
    await using fixture = await new LoopFixture(one, two).start()
    expect([rowOf(one, two, fixture.loop), two.count()]).to.deep.equal([{ all: true, lag: 0, behind: 0, acked: 0, one: true }, 1])
    await using other = await new LoopFixture(two, one).start()
    expect([rowOf(two, one, other.loop).all, two.count()]).to.deep.equal([true, 1])
  })

  it('with no peers is converged when the folder has everything, and not when there is none', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1)
    const alone = (shared: ReadonlyMap<string, LinkLoop>) => describeConvergence({ ...partsOf(one), shared }).converged
    await using fixture = new LoopFixture(one, two)
    const before = alone(new Map([['fs', fixture.loop]]))
    await fixture.start()
    expect([alone(new Map()), before, alone(new Map([['fs', fixture.loop]]))]).to.deep.equal([false, false, true])
  })
})

describe('compareWith', () => {
  it('does not take equal numbers for equal envelopes', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1)
    await using fixture = await new LoopFixture(one, two).start()
    const [state] = one.journals.states() as [FeedState]
    const forked = { ...state, tips: [{ seq: 1, id: new Uint8Array(32) }] }
    expect([compareWith(fixture.loop, [state], one.journals, all)?.same, compareWith(fixture.loop, [forked], one.journals, all)?.same, compareWith(undefined, [state], one.journals, all)]).to.deep.equal([true, false, undefined])
  })
})
