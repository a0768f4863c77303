import { VirtualClock } from '@akshi/testkit'
import { expect } from 'chai'
import { Allowance } from '../../packages/plugin-dht/src/allowance.ts'
import { Calls } from '../../packages/plugin-dht/src/calls.ts'
import { Repeater } from '../../packages/plugin-dht/src/repeater.ts'
import { codeOf } from '../support/failures.ts'
import { lineLogger } from '../support/line-logger.ts'

const never = () => new Promise<never>(() => {})

describe('Calls', () => {
  it('end at their deadline, whether they heed it or not, and leave no timer', async () => {
    const clock = new VirtualClock()
    const late = codeOf(() => new Calls(clock).within(1_000, 'waiting', never))
    await clock.advance(1_000)
    expect(await late).to.equal('MESH_TIMEOUT')
    expect(await new Calls(clock).within(1_000, 'work', async () => 7)).to.equal(7)
  })

  it('all end when they are stopped, and none begins then', async () => {
    const calls = new Calls(new VirtualClock())
    const waiting = codeOf(() => calls.within(1_000, 'waiting', never))
    calls.stop()
    expect([await waiting, await codeOf(() => calls.within(1_000, 'work', async () => 7))]).to.deep.equal(['MESH_NOT_RUNNING', 'MESH_NOT_RUNNING'])
  })
})

describe('Repeater', () => {
  it('works when it is rung, again after the time that its work says, and once more when it is rung meanwhile', async () => {
    const clock = new VirtualClock()
    let [runs, running] = [0, 0]
    const repeater = new Repeater({ name: 'work', clock, logger: lineLogger().logger, task: async () => { running++; expect(running).to.equal(1); await clock.sleep(10); running--; runs++; return 1_000 } })
    await clock.advance(5_000)
    expect(runs).to.equal(0)
    repeater.ring()
    repeater.ring()
    await clock.advance(5)
    repeater.ring()
    await clock.advance(100)
    expect(runs).to.equal(2)
    await clock.advance(1_000)
    expect(runs).to.equal(3)
    await repeater.stop()
    repeater.ring()
    await clock.advance(10_000)
    expect(runs).to.equal(3)
  })

  it('goes on after a failure, which it says', async () => {
    const clock = new VirtualClock()
    const { logger, lines } = lineLogger()
    let runs = 0
    const repeater = new Repeater({ name: 'work', clock, logger, task: async () => { runs++; throw new Error('no') } })
    repeater.ring()
    await clock.advance(1)
    await clock.advance(30_000)
    await repeater.stop()
    expect([runs, lines]).to.deep.equal([2, ['warn work failed; it is tried again']])
  })
})

describe('Allowance', () => {
  it('gives so many a second, and twice as many at once after a rest', async () => {
    const clock = new VirtualClock()
    const allowance = new Allowance(10, clock)
    const take = (count: number) => Array.from({ length: count }, () => allowance.take()).filter(Boolean).length
    const first = take(100)
    await clock.advance(500)
    const second = take(100)
    await clock.advance(60_000)
    expect([first, second, take(100)]).to.deep.equal([20, 5, 20])
  })
})
