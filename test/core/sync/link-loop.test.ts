import { expect } from 'chai'
import type { Link } from '../../../packages/core/src/transport.ts'
import { intervalMs, LoopFixture, makePair } from './loop-fixture.ts'
import { MeshNode } from './mesh-node.ts'
import { onJournal } from '../../support/on-journal.ts'

const broken = new Error('connection refused')

describe('LinkLoop', () => {
  it('brings both ends together at once when it starts', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await one.append(1, 2, 3, 4)
    await two.append(5)
    await using fixture = await new LoopFixture(one, two).start()
    expect([fixture.loop.status.state, one.journals.states(), one.count()]).to.deep.equal(['up', two.journals.states(), 5])
    expect([fixture.link.calls, fixture.dials]).to.deep.equal([['digest', 'pull 1', 'push 3', 'digest', 'push 1'], 1])
  })

  it('pushes when rung, with no question first', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two).start()
    expect(await fixture.after(async () => { await pair.one.append(1); fixture.loop.ring() })).to.deep.equal(['push 1'])
    expect(await pair.two.bodies()).to.deep.equal([1])
  })

  it('asks at its interval, and fetches what it was not told of', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two).start()
    expect(await fixture.after(() => fixture.clock.advance(intervalMs - 1))).to.deep.equal([])
    await pair.two.append(1)
    expect(await fixture.after(() => fixture.clock.advance(1))).to.deep.equal(['digest', 'pull 1', 'digest'])
    expect(await pair.one.bodies()).to.deep.equal([1])
  })

  it('asks at once when told to look', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two).start()
    await pair.two.append(1)
    expect([await fixture.after(() => fixture.loop.look()), await pair.one.bodies()]).to.deep.equal([['digest', 'pull 1', 'digest'], [1]])
  })

  it('opens a link that works anew when told that there is a better way, and is not down meanwhile', async () => {
    await using pair = await makePair()
    const states: string[] = []
    const fixture: LoopFixture = new LoopFixture(pair.one, pair.two, { changed: () => states.push(fixture.loop.status.state) })
    await using started = await fixture.start()
    states.length = 0
    expect(await started.after(() => started.loop.renew())).to.deep.equal(['digest'])
    expect([started.dials, [...new Set(states)]]).to.deep.equal([2, ['up']])
  })

  it('has one request in flight, and takes along with the next what comes meanwhile', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    const fixture = new LoopFixture(one, two, { batchSize: 50 })
    await using started = await fixture.start()
    let inFlight = 0
    let most = 0
    const push = started.link.push.bind(started.link)
    started.link.push = async (batch) => {
      most = Math.max(most, ++inFlight)
      try { return await push(batch) } finally { inFlight-- }
    }
    await started.after(async () => {
      for (let body = 0; body < 10; body++) { await one.append(body); started.loop.ring() }
    })
    expect([most, await two.bodies()]).to.deep.equal([1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]])
  })

  it('reads on and pushes nothing while it is told not to write, and pushes at once when it may', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two).start()
    fixture.loop.writing = false
    await fixture.rest()
    await pair.two.append('theirs')
    expect(await fixture.after(async () => { await pair.one.append('mine'); fixture.loop.look() })).to.deep.equal(['digest', 'pull 1', 'digest'])
    expect(await fixture.after(() => { fixture.loop.writing = true })).to.deep.equal(['push 1'])
  })

  it('tries a feed that a tap held back after the time it asked for, and pushes the others meanwhile', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    let open = false
    one.hooks.beforeEnvelopeSend.tap('test', onJournal(({ feed: { journal } }) => open || journal !== 'notes' ? undefined : { reason: 'quota', retryAfterMs: 3_000 }))
    await one.append(1)
    await one.appendTo('other', 2)
    await using fixture = await new LoopFixture(one, two).start()
    expect([await two.bodies(), await two.bodies('other'), fixture.clock.delays]).to.deep.equal([[], [2], [3_000]])
    open = true
    expect(await fixture.after(() => fixture.clock.advance(2_999))).to.deep.equal([])
    expect([await fixture.after(() => fixture.clock.advance(1)), await two.bodies()]).to.deep.equal([['push 1'], [1]])
  })

  it('tries a feed that a tap held back without a time at the next question', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    let open = false
    one.hooks.beforeEnvelopeSend.tap('test', () => open ? undefined : { reason: 'later' })
    await one.append(1)
    await using fixture = await new LoopFixture(one, two).start()
    open = true
    expect(await fixture.after(() => fixture.clock.advance(intervalMs))).to.deep.equal(['digest', 'push 1'])
  })

  it('does not push again and again what is not trusted there, and is done once the other end has fetched it', async () => {
    await using pair = await makePair()
    await using third = await MeshNode.make()
    const { one, two } = pair
    await one.peers.trust(third.did)
    await third.append(1)
    await one.inbox.receive(await third.envelopes(), third.source)
    await using fixture = await new LoopFixture(one, two).start()
    expect(fixture.link.takeCalls()).to.deep.equal(['digest', 'push 1'])
    expect(await fixture.after(() => fixture.clock.advance(intervalMs))).to.deep.equal(['digest'])
    expect(await fixture.after(async () => { await one.append(2); fixture.loop.ring() })).to.deep.equal(['push 1'])
    await two.peers.trust(third.did)
    await two.inbox.receive(await third.envelopes(), third.source)
    expect([await fixture.after(() => fixture.clock.advance(intervalMs)), fixture.loop.session.held.size]).to.deep.equal([['digest'], 0])
  })

  it('greets before anything else, and counts a greeting that fails as a failure', async () => {
    await using pair = await makePair()
    let fails = false
    const order: string[] = []
    const greeting = { isDue: true, send: async (link: Link) => { order.push((link as { calls?: string[] }).calls?.join() ?? ''); if (fails) throw broken } }
    await using fixture = new LoopFixture(pair.one, pair.two, { greeting })
    await fixture.start()
    fails = true
    await fixture.after(() => fixture.loop.ring())
    expect([order[0], fixture.loop.status.state]).to.deep.equal(['', 'suspect'])
  })

  it('does not greet where there is nothing to tell', async () => {
    await using pair = await makePair()
    const greeting = { isDue: false, send: async () => { throw broken } }
    await using fixture = await new LoopFixture(pair.one, pair.two, { greeting }).start()
    expect(fixture.loop.status.state).to.equal('up')
  })

  it('tells of each round and each failure', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two).start()
    const before = fixture.changes
    fixture.link.broken = broken
    await fixture.after(() => fixture.loop.look())
    expect([before > 0, fixture.changes]).to.deep.equal([true, before + 1])
  })

  it('does not ask a tap again before the time it asked for, whoever rings', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    let asked = 0
    one.hooks.beforeEnvelopeSend.tap('test', onJournal(({ feed: { journal } }) => {
      if (journal !== 'notes') return undefined
      asked++
      return { reason: 'quota', retryAfterMs: 3_000 }
    }))
    await one.append(1)
    await using fixture = await new LoopFixture(one, two).start()
    for (let body = 0; body < 5; body++) {
      await fixture.clock.advance(100)
      await fixture.after(async () => { await one.appendTo('other', body); fixture.loop.ring() })
    }
    expect(asked).to.equal(1)
    await fixture.after(() => fixture.clock.advance(2_500))
    expect(asked).to.equal(2)
  })
})
