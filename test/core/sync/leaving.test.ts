import { expect } from 'chai'
import { simulatedMeshId, until } from '@akshi/testkit'
import { openAnnouncement, signAnnouncement } from '../../../packages/core/src/announce.ts'
import type { SignedAnnouncement } from '../../../packages/core/src/announcement.ts'
import { Lab } from '../../testkit/support/lab.ts'
import { signedBy } from '../peers/peer-fixture.ts'
import { SyncFixture } from './sync-fixture.ts'

const goodbye = ['down', 'it said goodbye']

/** Two whole nodes that have come together. What node 1 sends in pushes is kept. */
async function linked (): Promise<{ lab: Lab, pushed: Uint8Array[], asked: () => number, link: () => unknown[] } & AsyncDisposable> {
  const lab = new Lab()
  const [here, there] = [lab.node(0), lab.node(1)]
  const pushed: Uint8Array[] = []
  let asked = 0
  lab.network.onMessage(({ from, kind, isAnswer, parts }) => {
    if (from === there.did && kind === 'push' && !isAnswer) pushed.push(...parts)
    if (from === here.did && !isAnswer) asked++
  })
  await lab.start()
  if (!await lab.runUntil(() => lab.hasConverged)) throw new Error('the two do not come together')
  const link = () => {
    const { state, reason } = here.control.peers()[0]?.link ?? {}
    return [state, reason]
  }
  return { lab, pushed, link, asked: () => asked, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() }
}

/** What the first of two linked nodes is sent in the name of the other. */
async function send (lab: Lab, bytes: Uint8Array) {
  const call = lab.network.host(lab.node(0).did)?.receiver.receive([bytes], { kind: 'peer', did: lab.node(1).did })
  return (await call)?.verdicts.map(({ status }) => status)
}

function farewellIn (pushed: readonly Uint8Array[]): SignedAnnouncement[] {
  return pushed.flatMap((bytes) => { try { return [openAnnouncement(bytes, simulatedMeshId)] } catch { return [] } }).filter(({ announcement: { issuedAt, expiresAt } }) => expiresAt <= issuedAt)
}

describe('A node that is stopped', () => {
  it('says goodbye: its peer knows at once, and does not dial it for half a minute', async () => {
    await using story = await linked()
    const { lab, link, asked } = story
    await lab.node(1).stop()
    expect([link(), lab.node(0).control.peers()[0]?.health]).to.deep.equal([goodbye, 'left'])
    const before = asked()
    await lab.run(29_000)
    const meanwhile = asked() - before
    await lab.run(2_000)
    expect([meanwhile, asked() > before]).to.deep.equal([0, true])
  })

  it('is linked again at once when it comes back', async () => {
    await using story = await linked()
    const { lab, link } = story
    await lab.node(1).stop()
    await lab.run(5_000)
    await lab.node(1).start()
    await lab.run(500)
    expect([link(), lab.node(0).control.peers()[0]?.health]).to.deep.equal([['up', 'it works'], 'alive'])
  })

  it('is not taken for gone when somebody says its old goodbye again, before or after it came back', async () => {
    await using story = await linked()
    const { lab, pushed, link } = story
    await lab.node(1).stop()
    const farewells = farewellIn(pushed)
    await lab.node(1).start()
    await lab.run(500)
    const verdicts = await send(lab, farewells[0]?.bytes as Uint8Array)
    await lab.run(500)
    expect([farewells.length, verdicts, link(), lab.node(0).control.peers()[0]?.health]).to.deep.equal([1, ['duplicate'], ['up', 'it works'], 'alive'])
  })

  it('is believed alone: no other can say goodbye for it', async () => {
    await using story = await linked()
    const { lab, link } = story
    const [here, there] = [lab.node(0), lab.node(1)]
    const { announcement } = openAnnouncement(lab.network.host(there.did)?.announcement().bytes as Uint8Array, simulatedMeshId)
    const gone = { ...announcement, seq: announcement.seq + 1_000, issuedAt: announcement.issuedAt, expiresAt: announcement.issuedAt }
    const altered = new Uint8Array(signAnnouncement(there.identity, simulatedMeshId, gone).bytes)
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1
    const verdicts = [await send(lab, altered), await send(lab, signAnnouncement(there.identity, 'other mesh', gone).bytes)]
    await lab.run(1_000)
    expect([verdicts, link(), here.control.peers()[0]?.health]).to.deep.equal([[['refused'], ['refused']], ['up', 'it works'], 'alive'])
    expect([await send(lab, signAnnouncement(there.identity, simulatedMeshId, gone).bytes), here.control.peers()[0]?.health]).to.deep.equal([['stored'], 'left'])
  })
})

describe('A node that is killed', () => {
  it('says nothing, so its link is suspected and tried again', async () => {
    await using story = await linked()
    const { lab, pushed, link, asked } = story
    lab.node(1).crash()
    const before = asked()
    await lab.run(29_000)
    expect([farewellIn(pushed), (link() as string[])[0], asked() - before > 5]).to.deep.equal([[], 'down', true])
  })
})

describe('Sync.stop', () => {
  it('sends the goodbye over each link that works, last of all, and none over one that does not', async () => {
    await using fixture = await SyncFixture.make(2)
    const [one, two] = [fixture.peer(0), fixture.peer(1)]
    for (const peer of [one, two]) await fixture.meet(peer)
    fixture.sync.start()
    for (const peer of [one, two]) await fixture.reach('up', peer)
    await fixture.setBroken(true, two)
    await fixture.sync.stop()
    const last = one.announced.at(-1)?.signed.announcement
    const heard = two.announced.filter(({ signed: { announcement } }) => announcement.expiresAt <= announcement.issuedAt)
    expect([last?.did, last?.expiresAt, heard]).to.deep.equal([fixture.node.did, last?.issuedAt, []])
  })

  it('waits half a second at most for who does not answer', async () => {
    await using fixture = await SyncFixture.make(1)
    await fixture.meet()
    fixture.sync.start()
    await fixture.reach('up')
    await fixture.rest(2)
    for (const link of fixture.http.links) link.push = () => new Promise(() => {})
    let isStopped = false
    const stopped = fixture.sync.stop().then(() => { isStopped = true })
    await fixture.clock.advance(499)
    const before = isStopped
    await fixture.clock.advance(1)
    await stopped
    expect([before, fixture.clock.delays]).to.deep.equal([false, []])
  })

  it('says goodbye once, and nothing when it was never started', async () => {
    await using never = await SyncFixture.make(1)
    await never.meet()
    await never.sync.stop()
    await using fixture = await SyncFixture.make(1)
    await fixture.meet()
    fixture.sync.start()
    await fixture.reach('up')
    await fixture.sync.stop()
    await fixture.sync.stop()
    const farewells = fixture.peer().announced.filter(({ signed: { announcement } }) => announcement.expiresAt <= announcement.issuedAt)
    expect([never.peer().announced.length, farewells.length]).to.deep.equal([0, 1])
  })
})

describe('Sync, of a peer that said goodbye,', () => {
  /** A node that is linked with a peer that has just said so. */
  async function parted (): Promise<SyncFixture> {
    const fixture = await SyncFixture.make(1)
    await fixture.meet()
    fixture.sync.start()
    await fixture.reach('up')
    await fixture.rest(2)
    fixture.broken.add(fixture.peer())
    fixture.node.peers.left(signedBy(fixture.peer().identity, 'peer', 2))
    await fixture.reach('down')
    return fixture
  }

  it('closes the link, and dials it neither when something is written nor when something late comes from it, but after half a minute', async () => {
    await using fixture = await parted()
    const { node, sync, clock } = fixture
    const [link] = fixture.http.links
    await node.append(1)
    sync.contact(fixture.peer().source, {})
    await clock.advance(29_999)
    const before = [link?.closed, fixture.http.links.length]
    await clock.advance(1)
    await until(() => fixture.http.links.length === 2)
    expect(before).to.deep.equal([1, 1])
  })

  it('writes the folder for it at once: who said goodbye is not waited for', async () => {
    await using fixture = await parted()
    await until(() => fixture.writesFolder === true)
    expect(fixture.clock.monotonic()).to.equal(0)
  })

  it('dials it at once when it announces itself again', async () => {
    await using fixture = await parted()
    fixture.broken.clear()
    fixture.node.peers.update(signedBy(fixture.peer().identity, 'peer', 3))
    await fixture.reach('up')
    expect(fixture.clock.monotonic()).to.equal(0)
  })
})
