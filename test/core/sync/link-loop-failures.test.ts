import { expect } from 'chai'
import { settle, until } from '@akshi/testkit'
import { MeshError } from '../../../packages/core/src/errors.ts'
import { LoopFixture, makePair } from './loop-fixture.ts'

const broken = new Error('connection refused')
const hangs = () => new Promise<never>(() => {})

describe('LinkLoop, when a link fails,', () => {
  it('is suspect after a lost answer, and recovers with the next question: nothing twice, nothing missing', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two).start()
    fixture.link.losesNextAnswer = true
    await fixture.after(async () => { await pair.one.append(1); fixture.loop.ring() })
    expect([fixture.loop.status.state, fixture.loop.status.reason, fixture.link.closed]).to.deep.equal(['suspect', 'the answer was lost', 1])
    expect(await fixture.after(() => fixture.clock.advance(250))).to.deep.equal(['digest'])
    expect([fixture.loop.status.state, fixture.dials, await pair.two.bodies()]).to.deep.equal(['up', 2, [1]])
  })

  it('is down after three failures in a row, for good reasons at once, and up again at the first success', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two).start()
    const fail = async (error: Error) => {
      fixture.link.broken = error
      await fixture.after(() => fixture.loop.look())
      return fixture.loop.status.state
    }
    expect([await fail(broken), await fail(broken), await fail(broken)]).to.deep.equal(['suspect', 'suspect', 'down'])
    fixture.link.broken = undefined
    await fixture.after(() => fixture.loop.look())
    expect([fixture.loop.status.state, await fail(new MeshError('MESH_NOT_TRUSTED', 'go away'))]).to.deep.equal(['up', 'down'])
  })

  it('waits longer after each failure, says so once, and dials at once when told to look', async () => {
    await using pair = await makePair()
    await using fixture = new LoopFixture(pair.one, pair.two)
    fixture.link.broken = broken
    await fixture.start()
    for (let failures = 1; failures < 5; failures++) {
      const [waitMs = 0] = fixture.clock.delays
      const mostMs = Math.min(1_000, 250 * 2 ** (failures - 1))
      expect(waitMs).to.be.within(mostMs / 2, mostMs)
      await fixture.after(() => fixture.clock.advance(waitMs))
      expect([fixture.dials, fixture.loop.status.state, fixture.loop.status.reason]).to.deep.equal([failures + 1, 'down', 'connection refused'])
    }
    expect(pair.one.log.lines).to.deep.equal(['warn a link is down'])
    fixture.link.broken = undefined
    await pair.one.append(1)
    await fixture.after(() => fixture.loop.look())
    expect([fixture.loop.status.state, await pair.two.bodies()]).to.deep.equal(['up', [1]])
    fixture.link.broken = broken
    await fixture.after(() => fixture.loop.look())
    expect(fixture.clock.delays[0]).to.be.within(125, 250)
  })

  it('counts a dial that fails like a request that fails', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two, { connect: async () => { throw broken } }).start()
    expect(fixture.loop.status).to.deep.equal({ transport: 'memory', state: 'down', reason: 'connection refused', since: '2025-01-01T00:00:00.000Z' })
  })

  it('knows when it last stopped working, however often it fails after that', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two).start()
    expect(fixture.loop.health.lostAt).to.equal(undefined)
    await fixture.clock.advance(5_000)
    fixture.link.broken = broken
    await fixture.after(() => fixture.loop.look())
    await fixture.after(() => fixture.clock.advance(250))
    expect([fixture.dials > 1, fixture.loop.health.lostAt, fixture.loop.status.since]).to.deep.equal([true, 5_000, '2025-01-01T00:00:05.000Z'])
  })

  it('lets the waits grow with the outage: never more than a sixteenth of it, nor half a minute', async () => {
    await using pair = await makePair()
    await using fixture = new LoopFixture(pair.one, pair.two)
    fixture.link.broken = broken
    await fixture.start()
    const waits: { readonly after: number, readonly waitMs: number }[] = []
    while (fixture.clock.monotonic() < 900_000) {
      const [waitMs = 0] = fixture.clock.delays
      waits.push({ after: fixture.clock.monotonic(), waitMs })
      await fixture.after(() => fixture.clock.advance(waitMs))
    }
    expect(waits.filter(({ after, waitMs }) => waitMs > Math.max(1_000, Math.min(30_000, after / 16)))).to.deep.equal([])
    expect([waits.length < 150, (waits.at(-1)?.waitMs ?? 0) >= 15_000]).to.deep.equal([true, true])
  })

  it('gives a request its time', async () => {
    await using pair = await makePair()
    await using fixture = new LoopFixture(pair.one, pair.two)
    let asked = false
    fixture.link.digest = () => { asked = true; return hangs() }
    fixture.loop.start()
    await until(() => asked)
    await fixture.clock.advance(29_999)
    expect(fixture.loop.status.state).to.equal('connecting')
    await fixture.clock.advance(1)
    expect([fixture.loop.status.state, fixture.loop.status.reason]).to.deep.equal(['down', 'asking what the other end has took longer than 30 s.'])
  })

  it('stops at once while a request hangs, closes the link and leaves no timer', async () => {
    await using pair = await makePair()
    const fixture = new LoopFixture(pair.one, pair.two)
    fixture.link.digest = hangs
    fixture.loop.start()
    await settle()
    await fixture.loop.stop()
    expect([fixture.link.closed, fixture.clock.delays]).to.deep.equal([1, []])
    fixture.loop.ring()
    await settle()
    expect(fixture.link.calls).to.deep.equal([])
  })

  it('keeps its backoff while there is only more to push', async () => {
    await using pair = await makePair()
    await using fixture = new LoopFixture(pair.one, pair.two)
    fixture.link.broken = broken
    await fixture.start()
    for (let ring = 0; ring < 20; ring++) await fixture.after(() => fixture.loop.ring())
    expect(fixture.dials).to.be.lessThan(5)
  })

  it('gives a push the time that its size asks for on a slow line', async () => {
    await using pair = await makePair()
    const { one, two } = pair
    await using fixture = new LoopFixture(one, two, { batchSize: 50, answerMs: 3_000 })
    const push = fixture.link.push.bind(fixture.link)
    let sent = 0
    fixture.link.push = async (batch, signal?: AbortSignal) => {
      const bytes = batch.reduce((sum, { length }) => sum + length, 0)
      sent += bytes
      await fixture.clock.sleep(bytes / 70, signal)
      return await push(batch)
    }
    for (let body = 0; body < 20; body++) await one.append(String(body) + 'x'.repeat(200_000))
    fixture.loop.start()
    for (let second = 0; second < 120; second++) await fixture.clock.advance(1_000)
    expect([(await two.bodies()).length, sent < 5 << 20]).to.deep.equal([20, true])
  })
})
