import { expect } from 'chai'
import { sealEnvelope } from '../../../packages/core/src/envelope.ts'
import { createIdentity } from '../../../packages/core/src/identity.ts'
import { parseSnapshot } from '../../../packages/core/src/snapshot.ts'
import { signedBy } from '../peers/peer-fixture.ts'
import { makeMesh, MeshNode } from './mesh-node.ts'

const folder = { kind: 'shared', name: 'fs' } as const
const flip = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, index) => index === bytes.length - 1 ? byte ^ 1 : byte)
const statuses = ({ verdicts }: { verdicts: readonly { status: string }[] }) => verdicts.map(({ status }) => status)

describe('Inbox', () => {
  it('stores what trusted origins signed, whoever carries it, and says what it has and what the sender has shown', async () => {
    await using mesh = await makeMesh(2)
    const [receiver, origin] = mesh as unknown as [MeshNode, MeshNode]
    await origin.append(1, 2)
    const receipt = await receiver.inbox.receive(await origin.envelopes(), folder)
    const states = origin.journals.states()
    expect([statuses(receipt), receipt.have, receipt.shown, await receiver.bodies()]).to.deep.equal([['stored', 'stored'], states, states, [1, 2]])
    const again = await receiver.inbox.receive((await origin.envelopes()).slice(0, 1), folder)
    expect([statuses(again), again.have, again.shown[0]?.tips[0]?.seq]).to.deep.equal([['duplicate'], states, 1])
  })

  it('gives a verdict for each envelope in the order of the batch, whatever is between them, and merges what met a gap once that is filled', async () => {
    await using mesh = await makeMesh(3)
    const [receiver, one, two] = mesh as unknown as [MeshNode, MeshNode, MeshNode]
    await one.append('a', 'b')
    await two.append('c', 'd')
    const [a, b] = await one.envelopes() as [Uint8Array, Uint8Array]
    const [c, d] = await two.envelopes() as [Uint8Array, Uint8Array]
    const receipt = await receiver.inbox.receive([d, flip(a), a, Uint8Array.of(1), c, a, b], folder)
    expect(statuses(receipt)).to.deep.equal(['gap', 'refused', 'stored', 'refused', 'stored', 'duplicate', 'stored'])
    expect([receipt.verdicts.filter(({ reason }) => reason !== undefined).length, (await receiver.bodies()).sort()]).to.deep.equal([3, ['a', 'b', 'c', 'd']])
  })

  it('shows nothing of an origin that is not trusted, keeps it aside, and counts it as one notice', async () => {
    await using receiver = await MeshNode.make()
    await using stranger = await MeshNode.make()
    await stranger.append(1, 2)
    const receipt = await receiver.inbox.receive(await stranger.envelopes(), folder)
    expect([statuses(receipt), receipt.have, receipt.shown, receiver.journals.states(), await receiver.bodies()]).to.deep.equal([['untrusted', 'untrusted'], [], [], [], []])
    expect(receiver.notices.all().map(({ code, count }) => [code, count])).to.deep.equal([['MESH_NOT_TRUSTED', 2]])
  })

  it('takes what this node itself signed, as after a lost disk', async () => {
    const identity = createIdentity()
    await using before = await MeshNode.make({ identity })
    await before.append(1)
    await using after = await MeshNode.make({ identity })
    expect([statuses(await after.inbox.receive(await before.envelopes(), folder)), await after.bodies()]).to.deep.equal([['stored'], [1]])
  })

  it('tells who does not get a journal nothing of it, not even that an envelope is here', async () => {
    await using mesh = await makeMesh(2)
    const [origin, other] = mesh as unknown as [MeshNode, MeshNode]
    await using receiver = await MeshNode.make({ agents: [{ name: 'notes', share: [origin.did] }] })
    for (const { did } of [origin, other]) await receiver.peers.trust(did)
    await origin.append(1)
    expect(statuses(await receiver.inbox.receive(await origin.envelopes(), origin.source))).to.deep.equal(['stored'])
    for (const from of [other.source, folder]) {
      const receipt = await receiver.inbox.receive(await origin.envelopes(), from)
      expect([statuses(receipt), receipt.have]).to.deep.equal([['refused'], []])
    }
  })

  it('refuses a journal that is not shared with the origin', async () => {
    await using origin = await MeshNode.make()
    await using receiver = await MeshNode.make({ agents: [{ name: 'notes', share: ['somebody else'] }] })
    await receiver.peers.trust(origin.did)
    await origin.append(1)
    await origin.appendTo('other', 2)
    expect(statuses(await receiver.inbox.receive([...await origin.envelopes(), ...await origin.envelopes('other')], origin.source))).to.deep.equal(['refused', 'stored'])
    expect([await receiver.bodies(), await receiver.bodies('other')]).to.deep.equal([[], [2]])
  })

  it('refuses envelopes of another mesh', async () => {
    await using mesh = await makeMesh(2)
    const [receiver, origin] = mesh as unknown as [MeshNode, MeshNode]
    const { bytes } = sealEnvelope(origin.identity, 'other mesh', { kind: 'announcement', seq: 1, at: 1 }, new Uint8Array())
    expect(statuses(await receiver.inbox.receive([bytes], origin.source))).to.deep.equal(['refused'])
  })

  it('hands announcements on when they are signed, trusted or not', async () => {
    await using receiver = await MeshNode.make()
    const { bytes } = signedBy(createIdentity(), 'alpha')
    expect(statuses(await receiver.inbox.receive([bytes, flip(bytes)], folder))).to.deep.equal(['stored', 'refused'])
    expect(receiver.announced.map(({ signed: { announcement }, from }) => [announcement.name, from])).to.deep.equal([['alpha', folder]])
  })

  it('says failed when the disk refuses, and stores the envelope when it comes again', async () => {
    await using mesh = await makeMesh(2)
    const [receiver, origin] = mesh as unknown as [MeshNode, MeshNode]
    await origin.append(1)
    receiver.failDisk()
    const receipt = await receiver.inbox.receive(await origin.envelopes(), folder)
    expect([statuses(receipt), receipt.shown, receiver.notices.all()[0]?.code]).to.deep.equal([['failed'], [], 'MESH_DISK_FAILED'])
    expect(statuses(await receiver.inbox.receive(await origin.envelopes(), folder))).to.deep.equal(['stored'])
  })

  it('takes a snapshot for all that it stands for, and knows it again', async () => {
    await using mesh = await makeMesh(2)
    const [receiver, origin] = mesh as unknown as [MeshNode, MeshNode]
    await (await origin.journals.get('notes')).append(Array.from({ length: 600 }, (_, body) => ({ body })))
    const [item] = await origin.serve({ maxEnvelopes: 0 })
    const bytes = item?.bytes ?? new Uint8Array()
    const first = await receiver.inbox.receive([bytes], folder)
    const again = await receiver.inbox.receive([bytes], folder)
    expect([item?.kind, statuses(first), first.entries, statuses(again), again.entries]).to.deep.equal(['snapshot', ['stored'], 600, ['duplicate'], 0])
    expect([first.have, first.shown, receiver.count()]).to.deep.equal([origin.journals.states(), origin.journals.states(), 600])
    expect(statuses(await receiver.inbox.receive([flip(bytes)], folder))).to.deep.equal(['duplicate'])
  })

  it('refuses a snapshot that was altered, or whose proof was', async () => {
    await using mesh = await makeMesh(2)
    const [receiver, origin] = mesh as unknown as [MeshNode, MeshNode]
    await (await origin.journals.get('notes')).append(Array.from({ length: 600 }, (_, body) => ({ body })))
    const [item] = await origin.serve({ maxEnvelopes: 0 })
    const bytes = item?.bytes ?? new Uint8Array()
    const { proof: { bytes: { length } } } = parseSnapshot(bytes, 'mesh')
    const forged = Uint8Array.from(bytes, (byte, index) => index === 8 + length ? byte ^ 1 : byte)
    expect([statuses(await receiver.inbox.receive([flip(bytes)], folder)), statuses(await receiver.inbox.receive([forged], folder)), receiver.count()]).to.deep.equal([['refused'], ['refused'], 0])
  })

  it('tells what the sender has before it stores it', async () => {
    await using mesh = await makeMesh(2)
    const [receiver, origin] = mesh as unknown as [MeshNode, MeshNode]
    await origin.append(1, 2)
    const told: unknown[] = []
    await receiver.inbox.receive(await origin.envelopes(), origin.source, (shown) => told.push(shown, receiver.count()))
    expect(told).to.deep.equal([origin.journals.states(), 0])
  })
})

describe('Inbox and trust', () => {
  it('keeps what a stranger wrote aside, and merges it on trust with no new transfer', async () => {
    await using receiver = await MeshNode.make()
    await using stranger = await MeshNode.make()
    await stranger.append(1, 2)
    await stranger.set('a', 1)
    const items = [...await stranger.envelopes(), ...await stranger.envelopes('notes', 'state')]
    expect(statuses(await receiver.inbox.receive(items, folder))).to.deep.equal(['untrusted', 'untrusted', 'untrusted'])
    expect([receiver.count(), receiver.value, parkedIn(receiver)]).to.deep.equal([0, {}, [[stranger.did, 'log', 'trust', 2], [stranger.did, 'state', 'trust', 1]]])
    await receiver.peers.trust(stranger.did)
    await receiver.journals.unpark(stranger.did)
    expect([await receiver.bodies(), receiver.value, parkedIn(receiver), receiver.journals.states()]).to.deep.equal([[1, 2], { a: 1 }, [], stranger.journals.states()])
  })

  it('keeps what met a gap aside, and merges it when the rest comes', async () => {
    await using mesh = await makeMesh(2)
    const [receiver, origin] = mesh as unknown as [MeshNode, MeshNode]
    await origin.append(1, 2, 3)
    const [first, ...rest] = await origin.envelopes() as [Uint8Array, ...Uint8Array[]]
    expect([statuses(await receiver.inbox.receive(rest, folder)), parkedIn(receiver)]).to.deep.equal([['gap', 'gap'], [[origin.did, 'log', 'before', 2]]])
    await receiver.inbox.receive([first], folder)
    expect([await receiver.bodies(), parkedIn(receiver)]).to.deep.equal([[1, 2, 3], []])
  })

  it('keeps the history of whom it does not trust any more, and shows nothing that comes later', async () => {
    await using mesh = await makeMesh(2)
    const [receiver, origin] = mesh as unknown as [MeshNode, MeshNode]
    await origin.append(1)
    await receiver.inbox.receive(await origin.envelopes(), folder)
    await receiver.peers.untrust(origin.did, receiver.journals.states())
    await origin.append(2)
    const receipt = await receiver.inbox.receive(await origin.envelopes(), folder)
    expect([statuses(receipt), receipt.have[0]?.tips[0]?.seq, await receiver.bodies()]).to.deep.equal([['duplicate', 'untrusted'], 1, [1]])
    await receiver.peers.trust(origin.did)
    await receiver.journals.unpark(origin.did)
    expect(await receiver.bodies()).to.deep.equal([1, 2])
  })

  it('does not merge what waited for a gap once its origin is not trusted any more', async () => {
    await using mesh = await makeMesh(3)
    const [receiver, one, two] = mesh as unknown as [MeshNode, MeshNode, MeshNode]
    await one.set('a', 1)
    await two.inbox.receive(await one.envelopes('notes', 'state'), folder)
    await two.set('b', 2)
    expect(statuses(await receiver.inbox.receive(await two.envelopes('notes', 'state'), folder))).to.deep.equal(['gap'])
    await receiver.peers.untrust(two.did, [])
    await receiver.inbox.receive(await one.envelopes('notes', 'state'), folder)
    expect(receiver.value).to.deep.equal({ a: 1 })
  })

  it('shows a state change of a stranger when somebody trusted has built on it, in whatever order they come', async () => {
    await using mesh = await makeMesh(2)
    const [receiver, friend] = mesh as unknown as [MeshNode, MeshNode]
    await using stranger = await MeshNode.make()
    await friend.peers.trust(stranger.did)
    await stranger.set('theirs', 1)
    const theirs = await stranger.envelopes('notes', 'state')
    await friend.inbox.receive(theirs, folder)
    await friend.set('ours', 2)
    expect(statuses(await receiver.inbox.receive(await friend.envelopes('notes', 'state'), folder))).to.deep.equal(['gap'])
    expect([statuses(await receiver.inbox.receive(theirs, folder)), receiver.value, parkedIn(receiver)]).to.deep.equal([['untrusted'], { theirs: 1, ours: 2 }, []])
    await stranger.set('theirs', 3)
    await receiver.inbox.receive(await stranger.envelopes('notes', 'state'), folder)
    expect(receiver.value).to.deep.equal({ theirs: 1, ours: 2 })
  })
})

/** What a node has parked of `notes`. */
function parkedIn ({ journals }: MeshNode): unknown[] {
  return journals.find('notes')?.parking.summary.map(({ origin, part, why, items }) => [origin, part, why, items]) ?? []
}
