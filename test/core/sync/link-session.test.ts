import { expect } from 'chai'
import { createIdentity } from '../../../packages/core/src/identity.ts'
import type { Feed } from '../../../packages/core/src/journal/feed.ts'
import type { LinkSession } from '../../../packages/core/src/sync/link-session.ts'
import { FetchClaims } from '../../../packages/core/src/sync/session/fetch-claims.ts'
import { Receiver } from '../../../packages/core/src/sync/receiver.ts'
import type { FeedState, Link } from '../../../packages/core/src/transport.ts'
import { digestRoot } from '../../../packages/core/src/wire.ts'
import { codeOf, failureOf } from '../../support/failures.ts'
import { makePair, makeSession, never } from './loop-fixture.ts'
import { MeshNode } from './mesh-node.ts'
import { onJournal } from '../../support/on-journal.ts'

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
    expect([link.takeCalls(), one.journals.states(), await one.bodies(), session.theirs?.size]).to.deep.equal([['digest', 'pull 1', 'push 3', 'push 1'], two.journals.states(), await two.bodies(), 2])
    expect([one.count(), await session.pull(link, never), link.calls]).to.deep.equal([9, 0, []])
  })

  it('pushes again what an answer that was lost would have acknowledged: duplicates, and nothing else', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1, 2)
    const { session, link } = makeSession(one, two)
    link.losesNextAnswer = true
    expect(await failureOf(() => session.push(link, never))).to.be.instanceOf(Error)
    expect([await session.push(link, never), await session.push(link, never), link.calls, await two.bodies()]).to.deep.equal([true, false, ['push 2', 'push 2'], [1, 2]])
  })

  it('holds a feed that a tap vetoes, from that envelope on, and pushes the others', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1, 2)
    await one.appendTo('other', 3)
    one.hooks.beforeEnvelopeSend.tap('test', onJournal(({ feed: { journal }, seq }) => journal === 'notes' && seq === 2 ? { reason: 'quota', retryAfterMs: 50 } : undefined))
    const { session, link } = makeSession(one, two)
    expect([await session.push(link, never), await session.push(link, never), await two.bodies(), await two.bodies('other')]).to.deep.equal([true, false, [1], [3]])
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
    await one.inbox.receive(await third.envelopes(), third.source)
    await one.append(2)
    const { session, link } = makeSession(one, two)
    expect([await session.push(link, never), await session.push(link, never)]).to.deep.equal([true, false])
    expect([link.takeCalls(), await two.bodies(), [...session.held.values()].map(({ untrusted }) => untrusted)]).to.deep.equal([['push 2'], [2], [true]])
    await session.exchange(link, never)
    expect([await session.push(link, never), session.held.size]).to.deep.equal([false, 1])
    await two.peers.trust(third.did)
    await two.inbox.receive(await third.envelopes(), third.source)
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
    expect([session.held.size, await two.bodies()]).to.deep.equal([0, []])
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
    two.failDisk()
    expect(await codeOf(() => session.push(link, never))).to.equal('MESH_SEND_FAILED')
    const liar = { digest: async () => ({ root: new Uint8Array(32) }) } as unknown as Link
    expect([await codeOf(() => session.exchange(liar, never)), session.theirs]).to.deep.equal(['MESH_SEND_FAILED', undefined])
    expect([await session.push(link, never), await two.bodies()]).to.deep.equal([true, [1]])
  })

  it('fetches only feeds of origins that are admitted and journals that are shared', async () => {
    await using pair = await makePair()
    await using third = await MeshNode.make()
    const { two } = pair
    await two.peers.trust(third.did)
    await third.append('unknown')
    await two.inbox.receive(await third.envelopes(), third.source)
    await two.append('known')
    await using selective = await MeshNode.make({ agents: [{ name: 'secret', share: [] }] })
    await selective.peers.trust(two.did)
    await two.peers.trust(selective.did)
    await two.appendTo('secret', 1)
    const { session, link } = makeSession(selective, two)
    await session.exchange(link, never)
    expect([await session.pull(link, never), await selective.bodies(), await selective.bodies('secret'), link.calls]).to.deep.equal([1, ['known'], [], ['digest', 'pull 1']])
  })

  it('learns from what the other end shows, and from its root, without asking', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1, 2)
    const { session, link } = makeSession(one, two)
    const [state] = one.journals.states()
    session.note([{ ...state, tips: [{ seq: 1, id: one.journals.feeds()[0]?.points.at(-1)?.id }] } as never])
    await two.inbox.receive((await one.envelopes()).slice(0, 1), one.source)
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

describe('LinkSession and whole segments', () => {
  it('fetches them when much is missing, and counts how far it has come until nothing is', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await two.append(...Array.from({ length: 80 }, (_, body) => body))
    const { session, link } = makeSession(one, two, { maxEnvelopes: 10, batchSize: 50 })
    link.to = new Receiver({ journals: two.journals, sharing: two.sharing, inbox: two.inbox, gate: two.gate, maxEnvelopes: 10, contact: () => {}, hint: () => {} })
    await session.exchange(link, never)
    const startedAt = new Date(one.clock.now()).toISOString()
    expect([session.catchUp, await session.pull(link, never), one.count()]).to.deep.equal([undefined, 1, 80])
    const { bytes = 0, ...rest } = session.catchUp ?? {}
    expect([rest, bytes > 1_000]).to.deep.equal([{ from: 80, behind: 0, entries: 80, startedAt }, true])
    await session.exchange(link, never)
    expect([await session.pull(link, never), session.catchUp]).to.deep.equal([0, undefined])
  })

  it('does not fetch over and over what it has under a snapshot that does not name it', async () => {
    await using pair = await makePair()
    await using third = await MeshNode.make()
    const { one, two } = pair
    for (const node of [one, two]) await node.peers.trust(third.did)
    await third.append(1)
    await two.inbox.receive(await third.envelopes(), third.source)
    await (await third.journals.get('notes')).append(Array.from({ length: 600 }, (_, body) => ({ body })))
    await one.inbox.receive((await third.serve({ maxEnvelopes: 0 })).map(({ bytes }) => bytes), third.source)
    const { session, link } = makeSession(one, two)
    const rounds: string[][] = []
    for (let round = 0; round < 4; round++) {
      await session.exchange(link, never)
      expect(await session.pull(link, never)).to.equal(0)
      rounds.push(link.takeCalls())
      await one.clock.advance(4_000)
    }
    expect(rounds.filter((calls) => calls.includes('pull 1')).length).to.be.at.most(2)
  })
})

describe('LinkSession and forks', () => {
  it('brings both lives of a node to both ends, whoever asks, and sends nothing twice', async () => {
    for (const direction of ['pull', 'push'] as const) {
      await using pair = await makePair()
      const identity = createIdentity()
      await using before = await MeshNode.make({ identity })
      await before.append('shared')
      const disk = before.disk.afterKill()
      await before.append('one life')
      await using after = await MeshNode.make({ identity, disk })
      await after.append('other life', 'goes on')
      const { one, two } = pair
      for (const [node, source] of [[one, before], [two, after]] as const) {
        await node.peers.trust(identity.did)
        await node.inbox.receive(await source.envelopes(), source.source)
      }
      const [from, to] = direction === 'pull' ? [two, one] : [one, two]
      const { session, link } = makeSession(to, from)
      await session.exchange(link, never)
      await session.pull(link, never)
      while (await session.push(link, never)) continue
      expect([await one.bodies(), one.journals.states()], direction).to.deep.equal([await two.bodies(), sortedLike(one, two)])
      expect((await one.bodies()).sort()).to.deep.equal(['goes on', 'one life', 'other life', 'shared'])
      await session.exchange(link, never)
      link.takeCalls()
      expect([await session.pull(link, never), await session.push(link, never), link.calls], direction).to.deep.equal([0, false, []])
    }
  })

  it('notes the tips that it is shown beside each other, and forgets those that they follow', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1, 2)
    const [state] = one.journals.states() as [FeedState]
    const { session, link } = makeSession(one, two)
    session.noteRoot(digestRoot(one.journals.states()))
    const strange = { seq: 1, id: new Uint8Array(32) }
    session.note([{ ...state, tips: [strange] }])
    expect(tipsOf(session)).to.deep.equal([state.tips[0], strange])
    expect([await session.push(link, never), link.calls]).to.deep.equal([false, []])
    session.noteRoot(digestRoot(one.journals.states()))
    const { points } = one.journals.feeds()[0] as Feed
    session.note([{ ...state, tips: points.filter(({ seq }) => seq === 1) }])
    expect(tipsOf(session)).to.deep.equal(state.tips)
  })
})

describe('LinkSessions that lack the same', () => {
  it('do not fetch it at once: one does, and the others what is left when it ends or nothing comes', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await two.append(...Array.from({ length: 30 }, (_, body) => body))
    const claims = new FetchClaims(one.clock)
    const [first, second] = [makeSession(one, two, { claims }), makeSession(one, two, { claims })]
    for (const { session, link } of [first, second]) await session.exchange(link, never)
    const pull = first.link.pull.bind(first.link)
    let asked = () => {}
    const isAsked = new Promise<void>((resolve) => { asked = resolve })
    let go = () => {}
    const held = new Promise<void>((resolve) => { go = resolve })
    first.link.pull = async function * (...wanted: Parameters<typeof pull>) { asked(); await held; yield * pull(...wanted) }
    const fetching = first.session.pull(first.link, never)
    await isAsked
    expect([await second.session.pull(second.link, never), second.session.isWaiting, second.link.takeCalls()]).to.deep.equal([0, true, ['digest']])
    await one.clock.advance(1_000)
    expect([await second.session.pull(second.link, never) > 0, second.session.isWaiting]).to.deep.equal([true, false])
    go()
    await fetching
    expect(one.count() > 0).to.equal(true)
  })
})

describe('LinkSession and an end that fetches itself', () => {
  it('leaves much to it for two seconds, asks then what it has, and pushes what it still lacks', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(...Array.from({ length: 9 }, (_, body) => body))
    const { session, link } = makeSession(one, two, { batchSize: 50 })
    session.noteRoot(new Uint8Array(32))
    expect([await session.push(link, never), session.nextRetryAt]).to.deep.equal([false, 2_000])
    await one.clock.advance(1_999)
    expect([session.isInDoubt, await session.push(link, never)]).to.deep.equal([false, false])
    await one.clock.advance(1)
    expect([session.isInDoubt, await session.push(link, never)]).to.deep.equal([true, false])
    await session.exchange(link, never)
    expect([session.isInDoubt, await session.push(link, never), link.calls, two.count()]).to.deep.equal([false, true, ['digest', 'push 9'], 9])
  })

  it('does not push what it has fetched from somebody else', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(...Array.from({ length: 9 }, (_, body) => body))
    const { session, link } = makeSession(one, two, { batchSize: 50 })
    session.noteRoot(new Uint8Array(32))
    await session.push(link, never)
    await two.inbox.receive(await one.envelopes(), one.source)
    await one.clock.advance(2_000)
    await session.exchange(link, never)
    expect([await session.push(link, never), link.calls]).to.deep.equal([false, ['digest']])
  })

  it('waits for it to ask when the two have just met, once', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(...Array.from({ length: 9 }, (_, body) => body))
    const { session, link } = makeSession(one, two, { batchSize: 50 })
    await session.exchange(link, never)
    expect([await session.push(link, never), session.nextRetryAt]).to.deep.equal([false, 2_000])
    await one.clock.advance(2_000)
    expect(await session.push(link, never)).to.equal(true)
    await one.append(...Array.from({ length: 80 }, (_, body) => body))
    await session.exchange(link, never)
    expect([await session.push(link, never), two.count()]).to.deep.equal([true, 59])
  })

  it('has nothing to try again of what the other end got meanwhile', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(...Array.from({ length: 9 }, (_, body) => body))
    const { session, link } = makeSession(one, two, { batchSize: 50 })
    session.noteRoot(new Uint8Array(32))
    const lacks = () => one.journals.feeds().map((feed) => session.mayLack(feed))
    const before = [await session.push(link, never), session.nextRetryAt, lacks()]
    session.note(one.journals.states())
    expect([before, session.hasNews, session.nextRetryAt, lacks()]).to.deep.equal([[false, 2_000, [true]], false, Infinity, [false]])
  })

  it('pushes little at once, and much at once to an end that never asked', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(...Array.from({ length: 8 }, (_, body) => body))
    const asking = makeSession(one, two, { batchSize: 50 })
    asking.session.noteRoot(new Uint8Array(32))
    expect([await asking.session.push(asking.link, never), asking.link.calls]).to.deep.equal([true, ['push 8']])
    await using other = await MeshNode.make()
    await other.peers.trust(one.did)
    await one.peers.trust(other.did)
    await one.append(...Array.from({ length: 80 }, (_, body) => body))
    const silent = makeSession(one, other, { batchSize: 100 })
    expect([await silent.session.push(silent.link, never), silent.link.calls]).to.deep.equal([true, ['push 88']])
  })
})

describe('LinkSession and state changes of strangers', () => {
  /** Somebody whom only `one` trusts, and a change of `one` that builds on some of theirs. */
  async function strangerAnd (one: MeshNode, count: number): Promise<MeshNode> {
    const stranger = await MeshNode.make()
    await one.peers.trust(stranger.did)
    for (let key = 0; key < count; key++) await stranger.set(`theirs ${key}`, key)
    await one.inbox.receive(await stranger.envelopes('notes', 'state'), stranger.source)
    await one.set('ours', true)
    return stranger
  }

  it('fetches those that somebody trusted has built on, and no others', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await using stranger = await strangerAnd(two, 5)
    const { session, link } = makeSession(one, two, { batchSize: 1 })
    for (let round = 0; round < 4; round++) {
      await session.exchange(link, never)
      await session.pull(link, never)
    }
    expect(one.value).to.deep.equal(two.value)
    await stranger.set('later', 1)
    await two.inbox.receive(await stranger.envelopes('notes', 'state'), stranger.source)
    link.takeCalls()
    await session.exchange(link, never)
    expect([await session.pull(link, never), link.calls]).to.deep.equal([0, ['digest']])
  })

  it('pushes them when they are missed there, in batches, again for what comes later, and comes to rest', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await using stranger = await strangerAnd(one, 5)
    const { session, link } = makeSession(one, two, { batchSize: 2 })
    for (let round = 0; round < 3; round++) {
      await session.exchange(link, never)
      while (await session.push(link, never)) continue
    }
    expect(two.value).to.deep.equal(one.value)
    await stranger.set('later', 1)
    await one.inbox.receive(await stranger.envelopes('notes', 'state'), stranger.source)
    await one.set('ours', 'built on that')
    for (let round = 0; round < 3; round++) {
      await session.exchange(link, never)
      while (await session.push(link, never)) continue
    }
    link.takeCalls()
    await session.exchange(link, never)
    expect([two.value, await session.push(link, never), link.calls]).to.deep.equal([one.value, false, ['digest']])
  })
})

function tipsOf ({ theirs }: LinkSession): unknown {
  return [...theirs?.values() ?? []].flatMap(({ tips }) => tips)
}

/** What the second has, its tips and heads in the order of the first: which path came first is each node's own. */
function sortedLike (first: MeshNode, second: MeshNode): readonly FeedState[] {
  const orders = new Map(first.journals.states().flatMap(({ tips, heads }) => [...tips.map(({ id }) => id), ...heads]).map((bytes, index) => [Buffer.from(bytes).toString('hex'), index]))
  const placeOf = (bytes: Uint8Array) => orders.get(Buffer.from(bytes).toString('hex')) ?? Infinity
  return second.journals.states().map((state) => ({ ...state, tips: state.tips.toSorted((a, b) => placeOf(a.id) - placeOf(b.id)), heads: state.heads.toSorted((a, b) => placeOf(a) - placeOf(b)) }))
}
