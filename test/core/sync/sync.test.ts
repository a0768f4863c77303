import { expect } from 'chai'
import { settle, until } from '@akshi/testkit'
import { meetingOf, signedBy } from '../peers/peer-fixture.ts'
import { createIdentity } from '../../../packages/core/src/identity.ts'
import { MeshNode } from './mesh-node.ts'
import { fallbackMs, SyncFixture } from './sync-fixture.ts'

describe('Sync with no peers', () => {
  it('writes what is shared, and reads it', async () => {
    await using fixture = await SyncFixture.make(0)
    const { node, folder, sync } = fixture
    await node.append(1)
    sync.start()
    await until(() => folder.count() === 1)
    expect([fixture.writesFolder, await folder.bodies()]).to.deep.equal([true, [1]])
    await node.append(2)
    await until(() => folder.count() === 2)
  })
})

describe('Sync with a peer', () => {
  it('opens a link as soon as the peer is trusted, and pushes each append over it, not to the folder', async () => {
    await using fixture = await SyncFixture.make(1)
    const { node, folder, sync } = fixture
    sync.start()
    await node.append('before')
    await until(() => folder.count() === 1)
    node.peers.met(meetingOf(fixture.peer().did, 'peer'))
    await settle()
    expect([sync.linkTo(fixture.peer().did), fixture.http.links.length]).to.deep.equal([undefined, 0])
    await fixture.meet()
    await fixture.reach('up')
    await node.append('after')
    await until(() => fixture.peer().count() === 2)
    expect([fixture.writesFolder, await folder.bodies(), sync.reachOf(fixture.peer().did)]).to.deep.equal([false, ['before'], { transport: 'http', reason: 'its link works' }])
  })

  it('goes back to the folder when the link has been gone for fallbackMs, and to the link when that works again', async () => {
    await using fixture = await SyncFixture.make(1)
    const { node, folder, sync, clock } = fixture
    await fixture.meet()
    sync.start()
    await fixture.reach('up')
    await clock.advance(1_000)
    await fixture.setBroken(true)
    await clock.advance(fallbackMs - 1)
    expect(fixture.writesFolder).to.equal(false)
    await clock.advance(1)
    await node.append(1)
    await until(() => folder.count() === 1)
    expect([fixture.writesFolder, sync.reachOf(fixture.peer().did)]).to.deep.equal([true, { transport: 'fs', reason: 'no link works: connection refused' }])
    await fixture.setBroken(false)
    await node.append(2)
    await until(() => fixture.peer().count() === 2)
    expect([fixture.writesFolder, await fixture.peer().bodies(), await folder.bodies()]).to.deep.equal([false, [1, 2], [1]])
  })

  it('asks everybody at once for what a node wrote that becomes trusted', async () => {
    await using fixture = await SyncFixture.make(1)
    const { node, folder, sync } = fixture
    await fixture.peer().append('from a stranger')
    await folder.inbox.receive(await fixture.peer().envelopes(), { kind: 'shared', name: 'fs' })
    sync.start()
    await until(() => sync.shared.get('fs')?.status.state === 'up')
    await fixture.rest(1)
    expect(await node.bodies()).to.deep.equal([])
    await fixture.meet(fixture.peer(), { reachable: false })
    await until(() => node.count() === 1)
    expect(await node.bodies()).to.deep.equal(['from a stranger'])
  })

  it('does not flip for one lost request, however long ago the one before was', async () => {
    await using fixture = await SyncFixture.make(1)
    const { sync, clock } = fixture
    await fixture.meet()
    sync.start()
    await fixture.reach('up')
    const flips: (boolean | undefined)[] = []
    for (let loss = 0; loss < 3; loss++) {
      await fixture.setBroken(true)
      flips.push(fixture.writesFolder)
      await clock.advance(fallbackMs - 1)
      flips.push(fixture.writesFolder)
      await fixture.setBroken(false)
      await clock.advance(fallbackMs * 3)
      flips.push(fixture.writesFolder)
    }
    expect(flips).to.deep.equal(new Array<boolean>(9).fill(false))
  })

  it('dials a peer whose link is down at once when that shows up', async () => {
    await using fixture = await SyncFixture.make(1)
    const { node, sync } = fixture
    await fixture.meet()
    sync.start()
    await fixture.reach('up')
    await fixture.setBroken(true)
    fixture.broken.clear()
    sync.contact(fixture.peer().source, {})
    await fixture.reach('up')
    expect(node.peers.get(fixture.peer().did)?.seenAt).to.equal(fixture.clock.now())
  })

  it('asks a peer at once when there is a hint, and does not push back what that has sent', async () => {
    await using fixture = await SyncFixture.make(1)
    const { node, sync } = fixture
    await fixture.meet()
    sync.start()
    await fixture.reach('up')
    await fixture.peer().append(1)
    sync.hint(fixture.peer().source)
    await until(() => node.count() === 1)
    await fixture.peer().append(2)
    await node.receiver.receive((await fixture.peer().envelopes()).slice(1), fixture.peer().source)
    await fixture.rest(2)
    expect([await node.bodies(), fixture.http.links[0]?.takeCalls().filter((call) => call.startsWith('push'))]).to.deep.equal([[1, 2], ['push 1']])
  })

  it('greets it with this node and the trusted peers it knows, each announcement once', async () => {
    await using fixture = await SyncFixture.make(3)
    const { node, sync } = fixture
    const [peer, friend, stranger] = [fixture.peer(), fixture.peer(1), fixture.peer(2)]
    node.peers.met(meetingOf(stranger.did, 'stranger', { announcement: signedBy(stranger.identity, 'stranger') }))
    await fixture.meet(friend)
    await fixture.meet(peer)
    sync.start()
    await fixture.reach('up', peer)
    const heard = () => peer.announced.map(({ signed: { announcement: { did, seq } } }) => [did, seq])
    const [first, second] = [[node.did, fixture.announcer.current().announcement.seq], [friend.did, 1]]
    expect(heard()).to.deep.equal([first, second])
    node.peers.update(signedBy(friend.identity, 'friend', 2))
    await until(() => heard().length === 3)
    expect(heard()[2]).to.deep.equal([friend.did, 2])
    fixture.announcer.start()
    await until(() => heard().length === 4)
    fixture.announcer.stop()
    expect(heard()[3]).to.deep.equal([node.did, fixture.announcer.current().announcement.seq])
  })
})

describe('Sync of a node that has lost its disk', () => {
  /** A node whose peer still has an entry of it. */
  async function makeAfterLoss (): Promise<SyncFixture> {
    const identity = createIdentity()
    await using before = await MeshNode.make({ identity })
    await before.append('before')
    const fixture = await SyncFixture.make(1, identity)
    await fixture.peer().inbox.receive(await before.envelopes(), before.source)
    return fixture
  }

  it('fetches what a peer has of it before it writes on: its feed does not fork', async () => {
    await using fixture = await makeAfterLoss()
    const { node, sync } = fixture
    await fixture.meet()
    sync.start()
    await node.append('after')
    await until(() => fixture.peer().count() === 2)
    expect([await fixture.peer().bodies(), fixture.peer().journals.states()[0]?.tips.map(({ seq }) => seq)]).to.deep.equal([['before', 'after'], [2]])
  })

  it('writes on when the one who has it cannot be reached, and both lives are merged later', async () => {
    await using fixture = await makeAfterLoss()
    const { node, sync, clock } = fixture
    fixture.broken.add(fixture.peer())
    await fixture.meet()
    sync.start()
    const writing = node.append('after')
    await fixture.reach('down')
    await clock.advance(2_000)
    await writing
    await fixture.setBroken(false)
    await until(() => node.count() === 2 && fixture.peer().count() === 2)
    expect([(await node.bodies()).sort(), node.journals.states()[0]?.tips.map(({ seq }) => seq)]).to.deep.equal([['after', 'before'], [1, 1]])
  })
})

describe('Sync with several peers', () => {
  it('writes the folder too as long as one trusted peer can only be met there', async () => {
    await using fixture = await SyncFixture.make(2)
    const { node, folder, sync } = fixture
    await fixture.meet(fixture.peer(0))
    sync.start()
    await fixture.reach('up')
    expect(fixture.writesFolder).to.equal(false)
    await fixture.meet(fixture.peer(1), { reachable: false })
    await node.append(1)
    await until(() => folder.count() === 1 && fixture.peer(0).count() === 1)
    expect([fixture.writesFolder, sync.reachOf(fixture.peer(1).did)]).to.deep.equal([true, { transport: 'fs', reason: 'no link works: no address of it is known' }])
    await fixture.meet(fixture.peer(1))
    await fixture.reach('up', fixture.peer(1))
    await until(() => fixture.peer(1).count() === 1)
    expect(fixture.writesFolder).to.equal(false)
  })

  it('passes on what one peer wrote to another', async () => {
    await using fixture = await SyncFixture.make(2)
    const { sync } = fixture
    const [one, two] = [fixture.peer(0), fixture.peer(1)]
    await two.peers.trust(one.did)
    await fixture.meet(one)
    await fixture.meet(two)
    await one.append('from one')
    sync.start()
    await until(() => two.count() === 1)
    expect(two.journals.states()).to.deep.equal(one.journals.states())
  })
})

describe('Sync and selectTransport', () => {
  it('does not dial a peer for which a tap puts the folder first, and writes that', async () => {
    await using fixture = await SyncFixture.make(1)
    fixture.node.hooks.selectTransport.tap('test', (choices) => choices.toReversed())
    await fixture.meet()
    fixture.sync.start()
    await fixture.node.append(1)
    await until(() => fixture.folder.count() === 1)
    expect([fixture.http.links.length, fixture.sync.linkTo(fixture.peer().did)]).to.deep.equal([0, undefined])
  })

  it('says so when a tap throws or leaves nothing, and serves the other peers', async () => {
    await using fixture = await SyncFixture.make(3)
    const dids = fixture.peers.map(({ did }) => did)
    fixture.node.hooks.selectTransport.tap('test', (choices, { did }) => {
      if (did === dids[0]) throw new Error('boom')
      return did === dids[1] ? [] : choices
    })
    for (const peer of fixture.peers) await fixture.meet(peer)
    fixture.sync.start()
    await fixture.reach('up', fixture.peer(2))
    expect([fixture.http.links.length, new Set(fixture.node.notices.all().map(({ code }) => code))]).to.deep.equal([1, new Set(['MESH_HOOK_FAILED', 'MESH_TRANSPORT_NONE'])])
  })
})

describe('Sync.stop', () => {
  it('closes every link, leaves no timer, and hears nothing any more', async () => {
    await using fixture = await SyncFixture.make(2)
    await fixture.meet(fixture.peer(0))
    fixture.sync.start()
    await fixture.reach('up')
    await fixture.setBroken(true)
    await fixture.sync.stop()
    const left = fixture.clock.delays
    const calls = () => [...fixture.http.links, ...fixture.fs.links].map(({ calls }) => calls.length)
    const before = calls()
    await fixture.meet(fixture.peer(1))
    await fixture.node.append(1)
    await fixture.clock.advance(60_000)
    expect([left, calls(), fixture.http.links.every(({ closed }) => closed > 0), fixture.fs.links.every(({ closed }) => closed > 0)]).to.deep.equal([[], before, true, true])
  })
})
