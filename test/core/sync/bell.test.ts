import { expect } from 'chai'
import { settle, VirtualClock } from '@akshi/testkit'
import { Bell } from '../../../packages/core/src/sync/bell.ts'

function makeBell () {
  const clock = new VirtualClock()
  const bell = new Bell(clock)
  const log: string[] = []
  return { clock, bell, log, wait: (limitMs: number) => { void bell.wait(limitMs).then(() => log.push('woke')) } }
}

describe('Bell', () => {
  it('wakes the one who waits at the next ring, and leaves no timer', async () => {
    const { bell, clock, log, wait } = makeBell()
    wait(1_000)
    await settle()
    expect(log).to.deep.equal([])
    bell.ring()
    await settle()
    expect([log, clock.delays]).to.deep.equal([['woke'], []])
  })

  it('wakes after the limit when nobody rings', async () => {
    const { clock, log, wait } = makeBell()
    wait(1_000)
    await clock.advance(999)
    expect(log).to.deep.equal([])
    await clock.advance(1)
    expect(log).to.deep.equal(['woke'])
  })

  it('remembers a ring until it is reset, so that none is lost between two waits', async () => {
    const { bell, clock, log, wait } = makeBell()
    bell.ring()
    wait(1_000)
    await settle()
    expect([log, clock.delays]).to.deep.equal([['woke'], []])
    bell.reset()
    wait(1_000)
    await settle()
    expect([log, clock.delays]).to.deep.equal([['woke'], [1_000]])
  })

  it('can be rung when nobody waits any more', async () => {
    const { bell, clock, log, wait } = makeBell()
    wait(10)
    await clock.advance(10)
    bell.ring()
    bell.ring()
    expect(log).to.deep.equal(['woke'])
  })
})
