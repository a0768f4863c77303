import { expect } from 'chai'
import type { Feed } from '../../../packages/core/src/journal/feed.ts'
import type { FeedState, LinkSource, Range } from '../../../packages/core/src/transport.ts'
import { digestRoot } from '../../../packages/core/src/wire.ts'
import { codeOf } from '../../support/failures.ts'
import { makeMesh, MeshNode } from './mesh-node.ts'
import { onJournal } from '../../support/on-journal.ts'

const folder: LinkSource = { kind: 'shared', name: 'fs' }
const noRoot = { root: new Uint8Array(32) }

async function served (node: MeshNode, want: readonly Range[], from: LinkSource, limit = 100): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const bytes of node.receiver.serve(want, { limit }, from)) all.push(bytes)
  return all
}

const wholeFeed = (node: MeshNode, journal = 'notes'): Range => node.rangeOf(journal)

describe('Receiver', () => {
  it('tells a node that is not trusted nothing but MESH_NOT_TRUSTED, on every way in', async () => {
    await using node = await MeshNode.make()
    await using stranger = await MeshNode.make()
    await node.append(1)
    await stranger.append(2)
    const { receiver } = node
    const codes = [
      await codeOf(async () => receiver.receive(await stranger.envelopes(), stranger.source)), await codeOf(() => receiver.digest(noRoot, stranger.source)), await codeOf(() => served(node, [wholeFeed(node)], stranger.source))
    ]
    expect([codes, receiver.admits(stranger.did), await node.bodies()]).to.deep.equal([['MESH_NOT_TRUSTED', 'MESH_NOT_TRUSTED', 'MESH_NOT_TRUSTED'], false, [1]])
    await node.peers.trust(stranger.did)
    expect([receiver.admits(stranger.did), (await served(node, [wholeFeed(node)], stranger.source)).length]).to.deep.equal([true, 1])
  })

  it('answers a digest with its feeds, or with the root alone when that is the same', async () => {
    await using mesh = await makeMesh(2)
    const [node, peer] = mesh as unknown as [MeshNode, MeshNode]
    await node.append(1)
    const feeds = node.journals.states()
    const root = digestRoot(feeds)
    expect(await node.receiver.digest(noRoot, peer.source)).to.deep.equal({ root, feeds })
    expect(await node.receiver.digest({ root }, peer.source)).to.deep.equal({ root })
  })

  it('serves ranges in feed order, up to the limit, each envelope as it was signed', async () => {
    await using mesh = await makeMesh(2)
    const [node, peer] = mesh as unknown as [MeshNode, MeshNode]
    await node.append(1, 2, 3)
    await node.appendTo('a', 4)
    const envelopes = [...await node.envelopes('a'), ...await node.envelopes()].map((bytes) => Buffer.from(bytes))
    expect(await served(node, [wholeFeed(node), wholeFeed(node, 'a')], peer.source)).to.deep.equal(envelopes)
    expect(await served(node, [wholeFeed(node), wholeFeed(node, 'a')], peer.source, 2)).to.deep.equal(envelopes.slice(0, 2))
    const { points } = node.journals.feed(wholeFeed(node).feed) as Feed
    expect(await served(node, [{ ...wholeFeed(node), have: points.filter(({ seq }) => seq === 1) }], peer.source)).to.deep.equal(envelopes.slice(2))
    expect(await served(node, [wholeFeed(node, 'none'), wholeFeed(peer)], peer.source)).to.deep.equal([])
  })

  it('says nothing of a journal that is not shared with who asks, in digest, pull and receipt; a folder gets what all get', async () => {
    await using friend = await MeshNode.make()
    await using other = await MeshNode.make()
    await using node = await MeshNode.make({ agents: [{ name: 'secret', share: [friend.did] }] })
    for (const { did } of [friend, other]) await node.peers.trust(did)
    await node.appendTo('secret', 1)
    await node.append(2)
    const sees = async (from: LinkSource) => [
      (await node.receiver.digest(noRoot, from)).feeds?.map(({ feed }) => feed.journal),
      (await served(node, [wholeFeed(node), wholeFeed(node, 'secret')], from)).length,
      (await node.receiver.receive([...await node.envelopes('secret'), ...await node.envelopes()], from)).have.map(({ feed }) => feed.journal)
    ]
    expect(await sees(friend.source)).to.deep.equal([['notes', 'secret'], 2, ['secret', 'notes']])
    expect([await sees(other.source), await sees(folder)]).to.deep.equal([[['notes'], 1, ['notes']], [['notes'], 1, ['notes']]])
  })

  it('passes what it serves through beforeEnvelopeSend: a veto or a throw holds back the rest of that feed only', async () => {
    await using mesh = await makeMesh(2)
    const [node, peer] = mesh as unknown as [MeshNode, MeshNode]
    const seen: unknown[] = []
    node.hooks.beforeEnvelopeSend.tap('test', onJournal(({ feed: { journal }, seq, to }) => {
      seen.push([journal, seq, to])
      if (journal === 'a' && seq === 2) return { reason: 'not yet' }
      if (journal === 'b') throw new Error('boom')
      return undefined
    }))
    for (const journal of ['a', 'b', 'c']) await node.appendTo(journal, 1, 2, 3)
    const bytes = await served(node, ['c', 'b', 'a'].map((journal) => wholeFeed(node, journal)), peer.source)
    expect(bytes.map((each) => Buffer.from(each))).to.deep.equal([...(await node.envelopes('a')).slice(0, 1), ...await node.envelopes('c')].map((each) => Buffer.from(each)))
    expect(seen).to.deep.equal([['a', 1], ['a', 2], ['b', 1], ['c', 1], ['c', 2], ['c', 3]].map((each) => [...each, peer.did]))
  })

  it('tells who showed up, with what, before it is stored and after, and passes hints on', async () => {
    const told: unknown[] = []
    await using node = await MeshNode.make({ contact: (from, { shown, root }) => told.push([from, shown?.length, root]), hint: (from) => told.push(['hint', from]) })
    await using peer = await MeshNode.make()
    await node.peers.trust(peer.did)
    await peer.append(1)
    await node.receiver.receive(await peer.envelopes(), peer.source)
    await node.receiver.digest(noRoot, peer.source)
    node.receiver.hint(folder)
    expect(told).to.deep.equal([[peer.source, 1, undefined], [peer.source, 1, undefined], [peer.source, undefined, noRoot.root], ['hint', folder]])
  })

  it('says which feeds it takes nothing more of, in digests and receipts, and serves their history', async () => {
    await using mesh = await makeMesh(3)
    const [node, peer, other] = mesh as unknown as [MeshNode, MeshNode, MeshNode]
    await other.append(1)
    await node.inbox.receive(await other.envelopes(), peer.source)
    await node.peers.untrust(other.did, node.journals.states())
    const marks = (states: readonly FeedState[] = []) => states.map(({ feed, closed }) => [feed.origin, closed])
    const { feeds, root } = await node.receiver.digest(noRoot, peer.source)
    const { have } = await node.receiver.receive(await other.envelopes(), peer.source)
    expect([marks(feeds), marks(have), root]).to.deep.equal([[[other.did, true]], [[other.did, true]], digestRoot(node.journals.states())])
    expect((await served(node, [wholeFeed(other)], peer.source)).length).to.equal(1)
  })
})
