import { expect } from 'chai'
import { sealEnvelope } from '../../../packages/core/src/envelope.ts'
import { createIdentity } from '../../../packages/core/src/identity.ts'
import { failNextSync } from '../../support/failing-disk.ts'
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
    const receipt = await receiver.inbox.receive(origin.envelopes(), folder)
    const states = origin.journals.states()
    expect([statuses(receipt), receipt.have, receipt.shown, receiver.bodies()]).to.deep.equal([['stored', 'stored'], states, states, [1, 2]])
    const again = await receiver.inbox.receive(origin.envelopes().slice(0, 1), folder)
    expect([statuses(again), again.have, again.shown[0]?.tips[0]?.seq]).to.deep.equal([['duplicate'], states, 1])
  })

  it('gives a verdict for each envelope in the order of the batch, whatever is between them', async () => {
    await using mesh = await makeMesh(3)
    const [receiver, one, two] = mesh as unknown as [MeshNode, MeshNode, MeshNode]
    await one.append('a', 'b')
    await two.append('c', 'd')
    const [a, b] = one.envelopes() as [Uint8Array, Uint8Array]
    const [c, d] = two.envelopes() as [Uint8Array, Uint8Array]
    const receipt = await receiver.inbox.receive([d, flip(a), a, Uint8Array.of(1), c, a, b], folder)
    expect(statuses(receipt)).to.deep.equal(['gap', 'refused', 'stored', 'refused', 'stored', 'duplicate', 'stored'])
    expect([receipt.verdicts.filter(({ reason }) => reason !== undefined).length, receiver.bodies().sort()]).to.deep.equal([3, ['a', 'b', 'c']])
  })

  it('stores nothing of an origin that is not trusted, and counts it as one notice', async () => {
    await using receiver = await MeshNode.make()
    await using stranger = await MeshNode.make()
    await stranger.append(1, 2)
    const receipt = await receiver.inbox.receive(stranger.envelopes(), folder)
    expect([statuses(receipt), receipt.have, receipt.shown, receiver.journals.all()]).to.deep.equal([['untrusted', 'untrusted'], [], [], []])
    expect(receiver.notices.all().map(({ code, count }) => [code, count])).to.deep.equal([['MESH_NOT_TRUSTED', 2]])
  })

  it('takes what this node itself signed, as after a lost disk', async () => {
    const identity = createIdentity()
    await using before = await MeshNode.make({ identity })
    await before.append(1)
    await using after = await MeshNode.make({ identity })
    expect([statuses(await after.inbox.receive(before.envelopes(), folder)), after.bodies()]).to.deep.equal([['stored'], [1]])
  })

  it('tells who does not get a journal nothing of it, not even that an envelope is here', async () => {
    await using mesh = await makeMesh(2)
    const [origin, other] = mesh as unknown as [MeshNode, MeshNode]
    await using receiver = await MeshNode.make({ agents: [{ name: 'notes', share: [origin.did] }] })
    for (const { did } of [origin, other]) await receiver.peers.trust(did)
    await origin.append(1)
    expect(statuses(await receiver.inbox.receive(origin.envelopes(), origin.source))).to.deep.equal(['stored'])
    for (const from of [other.source, folder]) {
      const receipt = await receiver.inbox.receive(origin.envelopes(), from)
      expect([statuses(receipt), receipt.have]).to.deep.equal([['refused'], []])
    }
  })

  it('refuses a journal that is not shared with the origin', async () => {
    await using origin = await MeshNode.make()
    await using receiver = await MeshNode.make({ agents: [{ name: 'notes', share: ['somebody else'] }] })
    await receiver.peers.trust(origin.did)
    await origin.append(1)
    await origin.appendTo('other', 2)
    expect(statuses(await receiver.inbox.receive([...origin.envelopes(), ...origin.envelopes('other')], origin.source))).to.deep.equal(['refused', 'stored'])
    expect([receiver.bodies(), receiver.bodies('other')]).to.deep.equal([[], [2]])
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
    await failNextSync()
    const receipt = await receiver.inbox.receive(origin.envelopes(), folder)
    expect([statuses(receipt), receipt.shown, receiver.notices.all()[0]?.code]).to.deep.equal([['failed'], [], 'MESH_DISK_FAILED'])
    expect(statuses(await receiver.inbox.receive(origin.envelopes(), folder))).to.deep.equal(['stored'])
  })
})
