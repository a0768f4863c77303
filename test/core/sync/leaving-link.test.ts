import { expect } from 'chai'
import { settle, until } from '@akshi/testkit'
import { LoopFixture, makePair, never } from './loop-fixture.ts'

const goodbye = ['down', 'it said goodbye']
const lost = new Error('connection reset')

describe('LinkLoop.leave', () => {
  it('counts too when the request that was under way fails then', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two).start()
    const { loop, link, clock } = fixture
    let fail: (error: Error) => void = () => {}
    const { digest } = link
    link.digest = () => new Promise((resolve, reject) => { fail = reject })
    loop.look()
    await settle()
    loop.leave()
    await settle()
    fail(lost)
    link.digest = digest
    await until(() => loop.status.state !== 'up')
    await settle()
    expect([[loop.status.state, loop.status.reason], clock.delays]).to.deep.equal([goodbye, [30_000]])
  })

  it('of a link that waits to be tried again is heeded at once', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two).start()
    const { loop, link, clock } = fixture
    link.broken = lost
    await fixture.after(() => loop.look())
    loop.leave()
    await clock.advance(0)
    expect([[loop.status.state, loop.status.reason], clock.delays]).to.deep.equal([goodbye, [30_000]])
  })

  it('is over once it is told to look', async () => {
    await using pair = await makePair()
    await using fixture = await new LoopFixture(pair.one, pair.two).start()
    const { loop, link, clock } = fixture
    link.broken = lost
    await fixture.after(() => loop.look())
    link.broken = undefined
    loop.leave()
    loop.look()
    await clock.advance(2_000)
    expect(loop.status.state).to.equal('up')
  })
})

describe('LinkLoop.send', () => {
  /** A loop whose question is not answered, before or after the link worked, and what is sent over it then. */
  async function sentWhileAsking (worked: boolean): Promise<string[]> {
    await using pair = await makePair()
    await using fixture = new LoopFixture(pair.one, pair.two)
    const { loop, link } = fixture
    const ask = () => { link.digest = () => new Promise(() => {}) }
    if (!worked) ask()
    loop.start()
    if (worked) await fixture.rest()
    ask()
    loop.look()
    await settle()
    link.takeCalls()
    await loop.send([new Uint8Array(1)], never)
    return link.takeCalls()
  }

  it('goes beside whatever is under way, and over a link that has not worked yet not at all', async () => {
    expect([await sentWhileAsking(true), await sentWhileAsking(false)]).to.deep.equal([['push 1'], []])
  })
})
