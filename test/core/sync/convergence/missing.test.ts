import { expect } from 'chai'
import type { Convergence } from '../../../../packages/core/src/control.ts'
import { describeConvergence } from '../../../../packages/core/src/sync/convergence.ts'
import { createIdentity } from '../../../../packages/core/src/identity.ts'
import { actorFor, poison } from '../../journal/state/crafted-change.ts'
import { sealAs } from '../../journal/state/state-fixture.ts'
import { nameOf, partsOf, tellAll } from '../convergence-fixture.ts'
import { LoopFixture } from '../loop-fixture.ts'
import { makeMesh, MeshNode } from '../mesh-node.ts'

const feedOf = ({ did: origin }: MeshNode, part = 'log') => ({ journal: 'notes', part, origin, name: nameOf(origin) })

/** Three nodes that trust each other; the first has a link to each of the others, over which they said that they have nothing. */
async function makeThree () {
  const mesh = await makeMesh(3)
  const [one, two, three] = mesh as unknown as [MeshNode, MeshNode, MeshNode]
  const [first, second] = [await new LoopFixture(one, two).start(), new LoopFixture(one, three)]
  second.loop.start()
  await second.loop.session.exchange(second.link, new AbortController().signal)
  return {
    one,
    two,
    three,
    fixtures: [first, second] as const,
    /** They say what they have now. */
    say: () => { for (const [node, { loop }] of [[two, first], [three, second]] as const) loop.session.note(node.journals.states()) },
    tell: (): Convergence => tellAll(one, new Map([[two, first.loop], [three, second.loop]])),
    [Symbol.asyncDispose]: async () => {
      for (const fixture of [first, second]) await fixture[Symbol.asyncDispose]()
      await mesh[Symbol.asyncDispose]()
    }
  }
}

describe('what a node says it lacks', () => {
  it('comes in pieces, each with everybody who has it', async () => {
    await using mesh = await makeThree()
    const { one, two, three } = mesh
    await two.append(1, 2, 3, 4, 5)
    await three.inbox.receive((await two.envelopes()).slice(0, 3), two.source)
    mesh.say()
    const reason = 'it has not come yet'
    expect(mesh.tell().missing).to.deep.equal([
      { ...feedOf(two), from: 1, to: 3, envelopes: 3, has: [two.did, three.did], reason }, { ...feedOf(two), from: 4, to: 5, envelopes: 2, has: [two.did], reason }
    ])
    await one.inbox.receive((await two.envelopes()).slice(0, 3), two.source)
    expect(mesh.tell().missing).to.deep.equal([{ ...feedOf(two), from: 4, to: 5, envelopes: 2, has: [two.did], reason }])
  })

  it('names who has it though no link to it works', async () => {
    await using mesh = await makeThree()
    const { two, fixtures: [{ link, loop, clock }] } = mesh
    await two.append(1)
    mesh.say()
    link.broken = new Error('gone')
    loop.look()
    await clock.advance(0)
    const { missing } = mesh.tell()
    expect([loop.status.state === 'up', missing.map(({ has, reason }) => [has, reason])]).to.deep.equal([false, [[[two.did], 'no link to anybody who has it works now']]])
  })

  it('names the folder that has it', async () => {
    await using mesh = await makeThree()
    const { one, two, fixtures: [{ loop }] } = mesh
    await two.append(1)
    mesh.say()
    const { missing } = describeConvergence({ ...partsOf(one), shared: new Map([['fs', loop]]) })
    expect(missing.map(({ has, shared }) => [has, shared])).to.deep.equal([[[], ['fs']]])
  })

  it('is also what nobody known has, when something after it is parked; and the node is not converged then', async () => {
    await using mesh = await makeThree()
    const { one, two, three } = mesh
    await two.append(1, 2, 3, 4, 5, 6)
    const [first, , , fourth, , sixth] = await two.envelopes() as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    for (const node of [one, three]) await node.inbox.receive([first], two.source)
    await one.inbox.receive([fourth, sixth], three.source)
    const { loop } = mesh.fixtures[1]
    loop.session.note(three.journals.states())
    const { converged, peers: [peer], missing, parked, reason } = tellAll(one, new Map([[three, loop]]))
    const why = 'what comes after is here, but nobody that is known has said that it has this'
    expect([converged, peer?.converged]).to.deep.equal([false, true])
    expect(missing).to.deep.equal([{ ...feedOf(two), from: 2, to: 3, envelopes: 2, has: [], reason: why }, { ...feedOf(two), from: 5, to: 5, envelopes: 1, has: [], reason: why }])
    expect(parked).to.deep.equal([{ ...feedOf(two), why: 'before', reason: 'envelopes 2 to 3 before it are missing, and more', items: 2, bytes: fourth.length + sixth.length }])
    expect(reason).to.equal(`every trusted peer (1) has the same; log "notes" of ${nameOf(two.did)} is incomplete here: envelopes 2 to 3 before it are missing, and more`)
    mesh.say()
    expect(mesh.tell().missing).to.deep.equal([{ ...feedOf(two), from: 2, to: 6, envelopes: 5, has: [two.did], reason: 'it has not come yet' }])
  })

  it('is also what stands before segments that came first', async () => {
    await using mesh = await makeThree()
    const { one, two } = mesh
    await (await two.journals.get('notes')).append(Array.from({ length: 5_000 }, (_, body) => ({ body })))
    const items = await two.serve({ maxEnvelopes: 0, newestFirst: true })
    const [newest] = items
    await one.inbox.receive([newest?.bytes ?? new Uint8Array()], two.source)
    const { missing, converged, reason } = describeConvergence({ ...partsOf(one), peers: [] })
    expect([items.map(({ kind, seq }) => `${kind} ${seq}`), missing.map(({ from, to, has }) => [from, to, has]), converged]).to.deep.equal([['snapshot 5', 'snapshot 4'], [[1, 4, []]], false])
    expect(reason).to.equal(`no trusted peer is known, and there is no shared folder; log "notes" of ${nameOf(two.did)} is incomplete here: envelopes 1 to 4 are missing`)
  })

  it('is said to be of another path, where a feed forked', async () => {
    await using mesh = await makeThree()
    const { one, two, three } = mesh
    const identity = createIdentity()
    await using before = await MeshNode.make({ identity })
    await before.append('shared')
    const disk = before.disk.afterKill()
    await before.append('one life', 'goes on', 'and on')
    await using after = await MeshNode.make({ identity, disk })
    await after.append('other life', 'goes on', 'and on')
    for (const node of [one, two, three]) await node.peers.trust(identity.did)
    const [lives, others] = [await before.envelopes(), await after.envelopes()]
    await one.inbox.receive(lives.slice(0, 1), before.source)
    await two.inbox.receive(lives.slice(0, 2), before.source)
    await three.inbox.receive(others.slice(0, 2), after.source)
    mesh.say()
    const tell = () => mesh.tell().missing.map(({ from, to, unknown_path: isUnknown, has }) => [from, to, isUnknown, has])
    const equallyFar = tell()
    await one.inbox.receive([...lives, ...others.slice(2)], two.source)
    const shorter = tell()
    await three.inbox.receive(others, after.source)
    const nobody = tellAll(one, new Map([[two, mesh.fixtures[0].loop]])).missing.map(({ from, to, unknown_path: isUnknown, has }) => [from, to, isUnknown, has])
    expect([equallyFar, shorter, nobody]).to.deep.equal([[[2, 2, true, [two.did, three.did]]], [[2, 2, true, [three.did]]], [[2, 2, true, []]]])
  })

  it('is nothing of journals that are not shared with who has them', async () => {
    await using one = await MeshNode.make({ agents: [{ name: 'secret', share: [] }] })
    await using two = await MeshNode.make()
    await one.peers.trust(two.did)
    await two.peers.trust(one.did)
    await using fixture = await new LoopFixture(one, two).start()
    await two.append(1)
    await two.appendTo('secret', 1)
    fixture.loop.session.note(two.journals.states())
    const answers = [tellAll(one, new Map([[two, fixture.loop]])), describeConvergence({ ...partsOf(one), shared: new Map([['fs', fixture.loop]]) })]
    expect(answers.map(({ missing }) => missing.map(({ journal }) => journal))).to.deep.equal([['notes'], ['notes']])
  })

  it('says that something else is missing when a change of a state builds on another origin\'s', async () => {
    await using mesh = await makeThree()
    const { one, two, three } = mesh
    await three.set('a', 1)
    await two.inbox.receive(await three.envelopes('notes', 'state'), three.source)
    await two.set('b', 2)
    await one.inbox.receive(await two.envelopes('notes', 'state'), two.source)
    const { missing, parked, converged } = mesh.tell()
    expect([missing, parked.map(({ bytes, ...row }) => row), converged]).to.deep.equal([
      [], [{ ...feedOf(two, 'state'), why: 'before', reason: 'something that it builds on is missing', items: 1 }], false
    ])
  })

  it('gives the reason for which it was refused', async () => {
    await using mesh = await makeThree()
    const { one, two, fixtures: [{ loop }] } = mesh
    const { bytes, id, header: { seq, heads } } = sealAs(two.identity, poison(actorFor(two.identity)), undefined, { journal: 'notes' })
    await one.inbox.receive([bytes, bytes], two.source)
    loop.session.note([{ feed: { journal: 'notes', part: 'state', origin: two.did }, tips: [{ seq, id }], heads }])
    const { missing: [missing], quarantined: [quarantined], converged } = mesh.tell()
    expect([missing?.has, missing?.reason, quarantined?.times, converged]).to.deep.equal([[two.did], quarantined?.reason, 2, false])
    expect(quarantined).to.deep.include(feedOf(two, 'state'))
    expect(quarantined?.reason).to.match(/^an envelope from did:key:\w+ was refused: .*[Aa]utomerge/)
  })
})
