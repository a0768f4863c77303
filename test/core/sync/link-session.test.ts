import { expect } from 'chai'
import type { Link } from '../../../packages/core/src/transport.ts'
import { digestRoot } from '../../../packages/core/src/wire.ts'
import { failNextSync } from '../../support/failing-disk.ts'
import { codeOf, failureOf } from '../../support/failures.ts'
import { makePair, makeSession, never } from './loop-fixture.ts'
import { MeshNode } from './mesh-node.ts'

const heldReasons = ({ held }: { held: ReadonlyMap<string, { reason: string }> }) => [...held.values()].map(({ reason }) => reason)

describe('LinkSession', () => {
  it('asks, fetches what is missing here and pushes what is missing there, in batches, until both have the same', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append('a', 'b', 'c', 'd')
    await two.append('e', 'f', 'g', 'h', 'i')
    const { session, link } = makeSession(one, two)
    expect(session.theirs).to.equal(undefined)
    await session.exchange(link, never)
    expect(await session.pull(link, never)).to.equal(5)
    expect([await session.push(link, never), await session.push(link, never), await session.push(link, never)]).to.deep.equal([true, true, false])
    expect([link.takeCalls(), one.journals.states(), one.bodies(), session.theirs?.size]).to.deep.equal([['digest', 'pull 1', 'push 3', 'push 1'], two.journals.states(), two.bodies(), 2])
    expect([one.bodies().length, await session.pull(link, never), link.calls]).to.deep.equal([9, 0, []])
  })

  it('pushes again what an answer that was lost would have acknowledged: duplicates, and nothing else', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1, 2)
    const { session, link } = makeSession(one, two)
    link.losesNextAnswer = true
    expect(await failureOf(() => session.push(link, never))).to.be.instanceOf(Error)
    expect([await session.push(link, never), await session.push(link, never), link.calls, two.bodies()]).to.deep.equal([true, false, ['push 2', 'push 2'], [1, 2]])
  })

  it('holds a feed that a tap vetoes, from that envelope on, and pushes the others', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1, 2)
    await one.appendTo('other', 3)
    one.hooks.beforeEnvelopeSend.tap('test', ({ feed: { journal }, seq }) => journal === 'notes' && seq === 2 ? { reason: 'quota', retryAfterMs: 50 } : undefined)
    const { session, link } = makeSession(one, two)
    expect([await session.push(link, never), await session.push(link, never), two.bodies(), two.bodies('other')]).to.deep.equal([true, false, [1], [3]])
    expect([...session.held.values()]).to.deep.equal([{ reason: 'held back here: quota', untrusted: false, retryAt: 50 }])
    expect(session.nextRetryAt).to.equal(50)
    session.release()
    expect([session.held.size, await session.push(link, never), session.held.size]).to.deep.equal([0, false, 1])
  })

  it('holds a feed when a tap throws', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1)
    one.hooks.beforeEnvelopeSend.tap('test', () => { throw new Error('boom') })
    const { session, link } = makeSession(one, two)
    expect([await session.push(link, never), link.calls, heldReasons(session)]).to.deep.equal([false, [], ['held back here: A tap of beforeEnvelopeSend failed: boom']])
  })

  it('holds a feed whose origin is not trusted there until the other end has it, whatever it answers to digests', async () => {
    await using pair = await makePair()
    await using third = await MeshNode.make()
    const { one, two } = pair
    await one.peers.trust(third.did)
    await third.append(1)
    await one.inbox.receive(third.envelopes(), third.source)
    await one.append(2)
    const { session, link } = makeSession(one, two)
    expect([await session.push(link, never), await session.push(link, never)]).to.deep.equal([true, false])
    expect([link.takeCalls(), two.bodies(), [...session.held.values()].map(({ untrusted }) => untrusted)]).to.deep.equal([['push 2'], [2], [true]])
    await session.exchange(link, never)
    expect([await session.push(link, never), session.held.size]).to.deep.equal([false, 1])
    await two.peers.trust(third.did)
    await two.inbox.receive(third.envelopes(), third.source)
    await session.exchange(link, never)
    expect([session.held.size, await session.push(link, never), link.calls]).to.deep.equal([0, false, ['digest', 'digest']])
  })

  it('holds a feed that the other end refuses until the next exchange', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await using blind = await MeshNode.make({ agents: [{ name: 'notes', share: [] }] })
    await blind.peers.trust(one.did)
    await one.append(1)
    const { session, link } = makeSession(one, blind)
    await one.peers.trust(blind.did)
    expect([await session.push(link, never), await session.push(link, never)]).to.deep.equal([true, false])
    expect(heldReasons(session)[0]).to.match(/^refused there: /)
    await session.exchange(link, never)
    expect([session.held.size, two.bodies()]).to.deep.equal([0, []])
  })

  it('holds a feed of which nothing was taken, whatever the other end says', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1)
    const { session } = makeSession(one, two)
    const forgetful = { push: async () => ({ verdicts: [{ status: 'gap' }], have: [] }) } as unknown as Link
    expect([await session.push(forgetful, never), await session.push(forgetful, never), heldReasons(session)]).to.deep.equal([true, false, ['the other end did not take it']])
  })

  it('fails when the other end cannot store, and when a digest contradicts itself', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1)
    const { session, link } = makeSession(one, two)
    await failNextSync()
    expect(await codeOf(() => session.push(link, never))).to.equal('MESH_SEND_FAILED')
    const liar = { digest: async () => ({ root: new Uint8Array(32) }) } as unknown as Link
    expect([await codeOf(() => session.exchange(liar, never)), session.theirs]).to.deep.equal(['MESH_SEND_FAILED', undefined])
    expect([await session.push(link, never), two.bodies()]).to.deep.equal([true, [1]])
  })

  it('fetches only feeds of origins that are admitted and journals that are shared', async () => {
    await using pair = await makePair()
    await using third = await MeshNode.make()
    const { two } = pair
    await two.peers.trust(third.did)
    await third.append('unknown')
    await two.inbox.receive(third.envelopes(), third.source)
    await two.append('known')
    await using selective = await MeshNode.make({ agents: [{ name: 'secret', share: [] }] })
    await selective.peers.trust(two.did)
    await two.peers.trust(selective.did)
    await two.appendTo('secret', 1)
    const { session, link } = makeSession(selective, two)
    await session.exchange(link, never)
    expect([await session.pull(link, never), selective.bodies(), selective.bodies('secret'), link.calls]).to.deep.equal([1, ['known'], [], ['digest', 'pull 1']])
  })

  it('learns from what the other end shows, and from its root, without asking', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1, 2)
    const { session, link } = makeSession(one, two)
    const [state] = one.journals.states()
    session.note([{ ...state, tips: [{ seq: 1, id: one.journals.feeds()[0]?.idOf(1) as Uint8Array }] } as never])
    await two.inbox.receive(one.envelopes().slice(0, 1), one.source)
    expect([session.theirs, await session.push(link, never), link.takeCalls()]).to.deep.equal([undefined, true, ['push 1']])
    const other = makeSession(one, two)
    other.session.noteRoot(new Uint8Array(32))
    expect(other.session.theirs).to.equal(undefined)
    other.session.noteRoot(digestRoot(one.journals.states()))
    expect([other.session.theirs?.size, await other.session.push(other.link, never)]).to.deep.equal([1, false])
  })

  it('sends nothing of a journal that is not shared with the other end', async () => {
    await using pair = await makePair()
    await using discreet = await MeshNode.make({ agents: [{ name: 'secret', share: [] }] })
    await discreet.peers.trust(pair.two.did)
    await pair.two.peers.trust(discreet.did)
    await discreet.appendTo('secret', 1)
    const { session, link } = makeSession(discreet, pair.two)
    expect([await session.push(link, never), link.calls]).to.deep.equal([false, []])
  })
})
