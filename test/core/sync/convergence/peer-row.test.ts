import { expect } from 'chai'
import { createIdentity } from '../../../../packages/core/src/identity.ts'
import type { EnvelopeReceiver } from '../../../../packages/core/src/transport.ts'
import { digestRoot } from '../../../../packages/core/src/wire.ts'
import { listsOf, nameOf, tellAll } from '../convergence-fixture.ts'
import { LoopFixture, makePair } from '../loop-fixture.ts'
import { MeshNode } from '../mesh-node.ts'
import { onJournal } from '../../../support/on-journal.ts'

/** What a node says of one peer over this loop. */
function rowOf (node: MeshNode, other: MeshNode, { loop }: LoopFixture, agent?: string) {
  const [row] = tellAll(node, new Map([[other, loop]]), agent === undefined ? {} : { agent }).peers
  if (row === undefined) throw new TypeError('the other one is trusted')
  return row
}

function feedOf ({ did: origin }: MeshNode, journal = 'notes', part = 'log') {
  return { journal, part, origin, name: nameOf(origin) }
}

describe('what a node says of one peer', () => {
  it('names the envelopes that the peer lacks, and the veto that holds them back with its time', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    one.hooks.beforeEnvelopeSend.tap('test', onJournal(({ seq }) => seq > 1 ? { reason: 'quota', retryAfterMs: 5_000 } : undefined))
    await one.append(1, 2, 3)
    await using fixture = await new LoopFixture(one, two).start()
    expect(listsOf(rowOf(one, two, fixture))).to.deep.equal({
      missing_there: [{ ...feedOf(one), from: 2, to: 3, envelopes: 2 }],
      held: [{ ...feedOf(one), reason: 'held back here: quota', retry_in_ms: 5_000 }]
    })
    await one.clock.advance(2_000)
    expect(rowOf(one, two, fixture).held.map(({ retry_in_ms: ms }) => ms)).to.deep.equal([3_000])
  })

  it('does not call held what the peer got from somebody else', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    one.hooks.beforeEnvelopeSend.tap('test', () => ({ reason: 'quota' }))
    await one.append(1)
    await using fixture = await new LoopFixture(one, two).start()
    const before = rowOf(one, two, fixture)
    await two.inbox.receive(await one.envelopes(), one.source)
    fixture.loop.session.note(two.journals.states())
    const after = rowOf(one, two, fixture)
    expect([before.converged, before.held.length, after.converged, after.held.length]).to.deep.equal([false, 1, true, 0])
  })

  it('names what this node lacks of the peer', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await two.append(1)
    await using fixture = await new LoopFixture(one, two).start()
    await two.append(2, 3)
    await two.set('k', 1)
    fixture.loop.session.note(two.journals.states())
    expect(listsOf(rowOf(one, two, fixture))).to.deep.equal({
      missing_here: [{ ...feedOf(two), from: 2, to: 3, envelopes: 2 }, { ...feedOf(two, 'notes', 'state'), from: 1, to: 1, envelopes: 1 }]
    })
  })

  it('says when the peer last said what it has, and is not converged by that once the link is down', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1)
    await using fixture = new LoopFixture(one, two)
    const unsaid = rowOf(one, two, fixture)
    await fixture.start()
    const { said_at: saidAt, converged } = rowOf(one, two, fixture)
    fixture.link.broken = new Error('connection refused')
    await one.clock.advance(60_000)
    await fixture.rest()
    const after = rowOf(one, two, fixture)
    expect([unsaid.said_at, unsaid.reason, converged, after.converged, after.said_at, after.reason]).to.deep.equal([undefined, 'no working link: not dialled yet', true, false, saidAt, 'no working link: connection refused'])
    fixture.link.broken = undefined
    await fixture.after(() => fixture.loop.look())
    expect(Date.parse(rowOf(one, two, fixture).said_at ?? '') - Date.parse(saidAt ?? '') >= 60_000).to.equal(true)
  })

  it('lists what is withheld because the peer does not trust its origin, which does not count as missing', async () => {
    await using pair = await makePair()
    await using third = await MeshNode.make()
    const { one, two } = pair
    for (const node of [one, two]) await node.peers.trust(third.did)
    await third.append(1)
    for (const node of [one, two]) await node.inbox.receive(await third.envelopes(), third.source)
    await two.peers.untrust(third.did, two.journals.states())
    await third.append(2, 3)
    await one.inbox.receive(await third.envelopes(), third.source)
    await using fixture = await new LoopFixture(one, two).start()
    const row = rowOf(one, two, fixture)
    expect([row.converged, listsOf(row)]).to.deep.equal([true, { withheld: [{ ...feedOf(third), from: 2, to: 3, envelopes: 2 }] }])
  })

  it('says that it does not know the path where the peer has another one of a fork', async () => {
    await using pair = await makePair()
    const identity = createIdentity()
    await using before = await MeshNode.make({ identity })
    await before.append('shared')
    const disk = before.disk.afterKill()
    await before.append('one life', 'goes on')
    await using after = await MeshNode.make({ identity, disk })
    await after.append('other life')
    const { one, two } = pair
    for (const node of [one, two]) await node.peers.trust(identity.did)
    await one.inbox.receive(await before.envelopes(), before.source)
    await two.inbox.receive(await after.envelopes(), after.source)
    for (const { hooks } of [one, two]) hooks.beforeEnvelopeSend.tap('test', () => ({ reason: 'quota' }))
    await using fixture = await new LoopFixture(one, two).start()
    const row = rowOf(one, two, fixture)
    const feed = { journal: 'notes', part: 'log', origin: identity.did, name: nameOf(identity.did) }
    expect([row.missing_there, row.missing_here, row.lag, row.behind]).to.deep.equal([
      [{ ...feed, from: 3, to: 3, envelopes: 1, unknown_path: true }], [{ ...feed, from: 2, to: 2, envelopes: 1, unknown_path: true }], 1, 1
    ])
    await one.inbox.receive(await after.envelopes(), after.source)
    expect(rowOf(one, two, fixture).missing_there).to.deep.equal([{ ...feed, from: 2, to: 3, envelopes: 2 }])
    await two.inbox.receive(await before.envelopes(), before.source)
    fixture.loop.session.note(two.journals.states())
    for (const life of [before, after]) {
      await life.append('more')
      await one.inbox.receive(await life.envelopes(), life.source)
    }
    expect(rowOf(one, two, fixture).missing_there).to.deep.equal([{ ...feed, from: 3, to: 4, envelopes: 2 }])
  })

  it('names feeds of which the peer says the same envelopes with other heads', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1)
    await two.inbox.receive(await one.envelopes(), one.source)
    await using fixture = new LoopFixture(one, two)
    const feeds = two.journals.states().map((state) => ({ ...state, heads: [new Uint8Array(32)] }))
    fixture.link.to = Object.assign(Object.create(two.receiver) as EnvelopeReceiver, { digest: async () => ({ root: digestRoot(feeds), feeds }) })
    await fixture.start()
    const row = rowOf(one, two, fixture)
    expect([row.converged, row.reason, listsOf(row)]).to.deep.equal([false, 'the same numbers stand for different envelopes', { differing: [feedOf(one)] }])
  })

  it('cuts its lists, and counts all the same', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    one.hooks.beforeEnvelopeSend.tap('test', () => ({ reason: 'quota' }))
    for (let number = 0; number < 53; number++) await one.appendTo(`j${number}`, 1)
    await using fixture = await new LoopFixture(one, two).start()
    const { lag, missing_there: there, held, left_out: leftOut } = rowOf(one, two, fixture)
    expect([lag, there.length, held.length, leftOut]).to.deep.equal([53, 50, 50, { missing_there: 3, missing_here: 0, withheld: 0, held: 3, differing: 0 }])
  })
})
