import { expect } from 'chai'
import { settle, until } from '@akshi/testkit'
import { digestRoot } from '../../../packages/core/src/wire.ts'
import { intervalMs, LoopFixture, makePair } from './loop-fixture.ts'
import { makeMesh, MeshNode } from './mesh-node.ts'
import { SyncFixture } from './sync-fixture.ts'

const noRoot = new Uint8Array(32)
const folder = { kind: 'shared', name: 'fs' } as const

describe('Receiver.digest, told of feeds,', () => {
  it('answers what is here of these alone, and nothing where none is, whatever the roots say', async () => {
    await using mesh = await makeMesh(2)
    const [node, peer] = mesh as unknown as [MeshNode, MeshNode]
    await peer.appendTo('elsewhere', 1)
    for (const journal of ['a', 'b', 'c']) await node.appendTo(journal, 1)
    const states = node.journals.states()
    const told = [...states.filter(({ feed }) => feed.journal === 'b'), ...peer.journals.states()]
    const root = digestRoot(states)
    expect(await node.receiver.digest({ root: noRoot, feeds: told }, peer.source)).to.deep.equal({ root, feeds: told.slice(0, 1) })
    expect(await node.receiver.digest({ root, feeds: told }, peer.source)).to.deep.equal({ root, feeds: told.slice(0, 1) })
    expect(await node.receiver.digest({ root: noRoot, feeds: [] }, peer.source)).to.deep.equal({ root, feeds: [] })
  })

  it('passes on what it was told of, and neither says nor hears anything of a journal that is not shared with who tells', async () => {
    const contacts: unknown[] = []
    await using friend = await MeshNode.make()
    await using other = await MeshNode.make()
    await using node = await MeshNode.make({ agents: [{ name: 'secret', share: [friend.did] }], contact: (from, { told }) => contacts.push(told) })
    for (const { did } of [friend, other]) await node.peers.trust(did)
    await node.appendTo('secret', 1)
    await node.append(1)
    const states = node.journals.states()
    const open = states.filter(({ feed }) => feed.journal === 'notes')
    const answers = [await node.receiver.digest({ root: noRoot, feeds: states }, friend.source), await node.receiver.digest({ root: noRoot, feeds: states }, other.source)]
    expect([answers.map(({ feeds }) => feeds), contacts]).to.deep.equal([[states, open], [states, open]])
  })

  it('says which of them it takes nothing more of', async () => {
    await using mesh = await makeMesh(3)
    const [node, peer, other] = mesh as unknown as [MeshNode, MeshNode, MeshNode]
    await other.append(1)
    await node.inbox.receive(await other.envelopes(), peer.source)
    await node.peers.untrust(other.did, node.journals.states())
    const { feeds = [] } = await node.receiver.digest({ root: noRoot, feeds: other.journals.states() }, peer.source)
    expect(feeds.map(({ feed, closed }) => [feed.origin, closed])).to.deep.equal([[other.did, true]])
  })
})

describe('A node that is told of news', () => {
  /** A node at rest beside a peer that has written something and tells it of that. */
  async function told (): Promise<{ fixture: SyncFixture, calls: () => string[] } & AsyncDisposable> {
    const fixture = await SyncFixture.make(1)
    const { node, sync } = fixture
    const peer = fixture.peer()
    await fixture.meet()
    sync.start()
    await fixture.reach('up')
    await fixture.rest(2)
    await peer.append('news')
    const calls = () => fixture.http.links[0]?.takeCalls() ?? []
    calls()
    await node.receiver.digest({ root: digestRoot(peer.journals.states()), feeds: peer.journals.states() }, peer.source)
    await settle()
    return { fixture, calls, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() }
  }

  it('fetches what has not come 300 ms later, without asking what else there is', async () => {
    await using story = await told()
    const { fixture: { clock, node }, calls } = story
    await clock.advance(299)
    expect([calls(), node.count()]).to.deep.equal([[], 0])
    await clock.advance(1)
    await until(() => node.count() === 1)
    expect([calls(), await node.bodies()]).to.deep.equal([['pull 1'], ['news']])
  })

  it('fetches nothing of what has come by another way meanwhile', async () => {
    await using story = await told()
    const { fixture: { clock, node }, fixture, calls } = story
    await clock.advance(200)
    await node.inbox.receive(await fixture.peer().envelopes(), folder)
    await clock.advance(1_000)
    expect([calls(), await node.bodies()]).to.deep.equal([[], ['news']])
  })

  it('does not push back to the one who told what it has from others', async () => {
    await using story = await told()
    const { fixture: { clock, node, sync }, fixture, calls } = story
    await node.inbox.receive(await fixture.peer().envelopes(), folder)
    sync.linkTo(fixture.peer().did)?.ring()
    await clock.advance(1)
    expect(calls()).to.deep.equal([])
  })
})

describe('A link over which news is not pushed', () => {
  /** Such a link at rest, of two nodes that have the same. */
  async function quiet () {
    const pair = await makePair()
    const fixture = await new LoopFixture(pair.one, pair.two).start()
    fixture.loop.eager = false
    await settle()
    fixture.link.takeCalls()
    return { ...pair, fixture, loop: fixture.loop, link: fixture.link, [Symbol.asyncDispose]: async () => { await fixture[Symbol.asyncDispose](); await pair[Symbol.asyncDispose]() } }
  }

  /** What is asked over it until it has nothing more to do for now. */
  async function after (link: { takeCalls: () => string[] }, clock: { advance: (ms: number) => Promise<void> }, wake: () => unknown): Promise<string[]> {
    await wake()
    for (let step = 0; step < 20; step++) await clock.advance(0)
    return link.takeCalls()
  }

  it('carries nothing by itself, however often it is rung and however long', async () => {
    await using story = await quiet()
    const { one, two, fixture: { clock }, loop, link } = story
    expect(await after(link, clock, async () => { await one.append(1); loop.ring() })).to.deep.equal([])
    expect([await after(link, clock, () => clock.advance(100 * intervalMs)), two.count()]).to.deep.equal([[], 0])
  })

  it('carries a telling, and from then on news if the other end lacked what it was told of', async () => {
    await using story = await quiet()
    const { one, two, fixture: { clock }, loop, link } = story
    await one.append(1)
    expect([await after(link, clock, () => loop.tell()), loop.eager, await two.bodies()]).to.deep.equal([['digest', 'push 1'], true, [1]])
    expect([await after(link, clock, async () => { await one.append(2); loop.ring() }), await two.bodies()]).to.deep.equal([['push 1'], [1, 2]])
  })

  it('carries nothing more when the other end had it, nor a telling of nothing', async () => {
    await using story = await quiet()
    const { one, two, fixture: { clock }, loop, link } = story
    expect(await after(link, clock, () => loop.tell())).to.deep.equal([])
    await one.append(1)
    await two.inbox.receive(await one.envelopes(), one.source)
    expect([await after(link, clock, () => loop.tell()), loop.eager]).to.deep.equal([['digest'], false])
    expect(await after(link, clock, () => loop.tell())).to.deep.equal([])
  })

  it('stops to carry news after sixteen pushes in a row of what the other end had already', async () => {
    await using story = await quiet()
    const { one, two, fixture: { clock }, loop, link } = story
    let told = false
    const write = async (isKnown: boolean) => {
      await one.append('news')
      if (isKnown) await two.inbox.receive(await one.envelopes(), one.source)
      if (!told) loop.tell()
      told = true
      loop.ring()
    }
    expect(await after(link, clock, () => write(false))).to.deep.equal(['digest', 'push 1'])
    const eager: boolean[] = []
    for (let push = 1; push <= 15; push++) {
      await after(link, clock, () => write(true))
      eager.push(loop.eager)
    }
    await after(link, clock, () => write(false))
    for (let push = 1; push <= 16; push++) {
      const calls = await after(link, clock, () => write(true))
      eager.push(loop.eager && calls.join() === 'push 1')
    }
    expect(eager).to.deep.equal([...Array<boolean>(30).fill(true), false])
    expect(await after(link, clock, () => write(false))).to.deep.equal([])
    expect([await after(link, clock, () => loop.tell()), loop.eager]).to.deep.equal([['digest', 'push 1'], true])
  })

  it('pushes after a comparison what the other end lacked then, all of it, and what is written later not', async () => {
    await using story = await quiet()
    const { one, two, fixture: { clock }, loop, link } = story
    await one.append(1, 2, 3, 4)
    expect([await after(link, clock, () => loop.ask()), loop.eager, await two.bodies()]).to.deep.equal([['digest', 'push 3', 'push 1'], false, [1, 2, 3, 4]])
    expect(await after(link, clock, async () => { await one.append(5); loop.ring() })).to.deep.equal([])
  })

  it('fetches after a comparison what this end lacks', async () => {
    await using story = await quiet()
    const { one, two, fixture: { clock }, loop, link } = story
    await two.append(1)
    await after(link, clock, () => loop.ask())
    expect(await one.bodies()).to.deep.equal([1])
  })

  it('compares as soon as news is to be pushed over it again, and then at its interval', async () => {
    await using story = await quiet()
    const { one, fixture: { clock }, loop, link } = story
    await one.append(1)
    expect(await after(link, clock, () => { loop.eager = true })).to.deep.equal(['digest', 'push 1'])
    expect(await after(link, clock, () => clock.advance(intervalMs))).to.deep.equal(['digest'])
  })
})
