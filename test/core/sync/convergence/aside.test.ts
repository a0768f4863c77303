import { expect } from 'chai'
import { FaultyDisk } from '@akshi/testkit'
import { createIdentity } from '../../../../packages/core/src/identity.ts'
import { ApplyingMark } from '../../../../packages/core/src/storage/applying-mark.ts'
import { describeConvergence } from '../../../../packages/core/src/sync/convergence.ts'
import { listsOf, nameOf, partsOf, tellAll } from '../convergence-fixture.ts'
import { LoopFixture, makePair } from '../loop-fixture.ts'
import { home } from '../journal-shelf.ts'
import { MeshNode } from '../mesh-node.ts'

const feedOf = ({ did: origin }: MeshNode, part = 'log', journal = 'notes') => ({ journal, part, origin, name: nameOf(origin) })

describe('what a node says it keeps aside', () => {
  it('is what waits for trust, which does not keep it from having converged', async () => {
    await using pair = await makePair()
    await using stranger = await MeshNode.make()
    const { one, two } = pair
    await stranger.append(1, 2)
    const envelopes = await stranger.envelopes()
    await one.inbox.receive(envelopes, two.source)
    await using fixture = await new LoopFixture(one, two).start()
    const answer = tellAll(one, new Map([[two, fixture.loop]]))
    const row = { ...feedOf(stranger), why: 'trust', reason: `waiting for trust in ${nameOf(stranger.did)}`, items: 2, bytes: envelopes.reduce((sum, { length }) => sum + length, 0) }
    expect([answer.converged, answer.reason, listsOf(answer).parked]).to.deep.equal([true, `every trusted peer (1) has the same; 2 items wait for trust in ${nameOf(stranger.did)}`, [row]])
  })

  it('waits for trust alone, whatever it waited for, once its origin is not trusted any more', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await two.append(1, 2)
    await one.inbox.receive((await two.envelopes()).slice(1), two.source)
    const before = describeConvergence(partsOf(one))
    await one.peers.untrust(two.did, [])
    const after = describeConvergence(partsOf(one))
    expect([before, after].map(({ parked, missing }) => [parked[0]?.why, missing.length])).to.deep.equal([['before', 1], ['trust', 0]])
  })

  it('is what is vouched for, as long as its origin is not trusted', async () => {
    await using pair = await makePair()
    await using stranger = await MeshNode.make()
    const { one, two } = pair
    await two.peers.trust(stranger.did)
    await stranger.set('a', 1)
    await two.inbox.receive(await stranger.envelopes('notes', 'state'), stranger.source)
    await two.set('b', 2)
    await one.inbox.receive(await stranger.envelopes('notes', 'state'), two.source)
    await one.inbox.receive(await two.envelopes('notes', 'state'), two.source)
    const tell = () => describeConvergence(partsOf(one)).vouched
    expect(tell()).to.deep.equal([{ journal: 'notes', origin: stranger.did, name: nameOf(stranger.did), envelopes: 1 }])
    await one.peers.trust(stranger.did)
    expect(tell()).to.deep.equal([])
  })

  it('is every tip of a feed that forked', async () => {
    await using node = await MeshNode.make()
    await node.append('one path')
    const identity = createIdentity()
    await node.peers.trust(identity.did)
    await using before = await MeshNode.make({ identity })
    await before.append('shared')
    const disk = before.disk.afterKill()
    await before.append('one life', 'goes on')
    await using after = await MeshNode.make({ identity, disk })
    await after.append('other life')
    for (const life of [before, after]) await node.inbox.receive(await life.envelopes(), life.source)
    const tipsOf = (life: MeshNode) => life.journals.states().flatMap(({ tips }) => tips.map(({ seq, id }) => ({ seq, id: Buffer.from(id).toString('hex') })))
    const { forks } = describeConvergence(partsOf(node))
    expect(forks.map(({ tips, ...feed }) => [feed, tips.toSorted((a, b) => a.seq - b.seq)])).to.deep.equal([[feedOf(before), [...tipsOf(after), ...tipsOf(before)]]])
  })

  it('is what was refused as damaged or was set aside, and what killed the process twice', async () => {
    let disk = new FaultyDisk()
    await disk.makeFolder(home)
    for (let life = 0; life < 2; life++) {
      (await ApplyingMark.open(disk, `${home}/applying`)).begin(new Uint8Array(32).fill(7))
      disk = disk.afterKill()
    }
    await using node = await MeshNode.make({ disk })
    await using other = await MeshNode.make()
    await node.peers.trust(other.did)
    await other.append(1)
    const [envelope] = await other.envelopes() as [Uint8Array]
    await node.inbox.receive([envelope.with(envelope.length - 1, 1 + (envelope.at(-1) ?? 0))], other.source)
    node.notices.add('MESH_JOURNAL_DAMAGED', 'a bit flipped', { journal: 'notes', part: 'state', origin: other.did })
    const { quarantined } = describeConvergence(partsOf(node))
    const at = new Date(node.clock.now()).toISOString()
    expect(quarantined).to.deep.equal([
      { ...feedOf(other, 'state'), reason: 'a bit flipped', times: 1, at },
      { reason: `an envelope from ${other.did} was refused: the signature does not fit (altered, or signed for another mesh)`, times: 1, at },
      { id: '07'.repeat(32), reason: 'the process died twice while its change was applied; it is refused for good', times: 2 }
    ])
  })

  it('is told to another node only of journals that this one shares with it', async () => {
    const asker = createIdentity()
    await using node = await MeshNode.make({ agents: [{ name: 'secret', share: [] }] })
    await using stranger = await MeshNode.make()
    await node.peers.trust(asker.did)
    await stranger.append(1)
    await stranger.appendTo('secret', 1)
    for (const journal of ['notes', 'secret']) await node.inbox.receive(await stranger.envelopes(journal), { kind: 'peer', did: node.did })
    await node.append(1)
    await node.appendTo('secret', 1)
    node.notices.add('MESH_ENVELOPE_INVALID', 'of no journal')
    node.notices.add('MESH_JOURNAL_DAMAGED', 'of a secret one', { journal: 'secret', part: 'log', origin: node.did })
    const tell = (did: typeof asker.did | undefined) => {
      const { local_seq: seq, parked, quarantined, heads } = describeConvergence(partsOf(node), did === undefined ? {} : { asker: did })
      return [seq, parked.map(({ journal }) => journal), quarantined.map(({ reason }) => reason), heads.length]
    }
    expect([tell(undefined), tell(asker.did)]).to.deep.equal([
      [2, ['notes', 'secret'], ['of a secret one', 'of no journal'], 2], [1, ['notes'], [], 1]
    ])
  })
})
