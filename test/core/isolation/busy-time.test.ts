import { expect } from 'chai'
import { Bulkhead } from '../../../packages/core/src/isolation/bulkhead.ts'
import { BusyTime } from '../../../packages/core/src/isolation/busy-time.ts'
import { VirtualClock } from '@akshi/testkit'
import { failureOf } from '../../support/failures.ts'
import { lineLogger } from '../../support/line-logger.ts'

/** A clock that a test moves within a call, as a slow call moves a real one. */
class WorkClock extends VirtualClock {
  #workedMs = 0

  work (ms: number): void { this.#workedMs += ms }

  override monotonic (): number { return super.monotonic() + this.#workedMs }
}

function makeBulkheads () {
  const clock = new WorkClock()
  const busy = new BusyTime(clock)
  const notices: string[] = []
  const { logger, lines } = lineLogger()
  const make = (name: string) => new Bulkhead({ name, title: `plugin "${name}" (./${name}.mjs)`, busy, clock, logger, notices: { add: (code: string, message: string) => { notices.push(`${code} ${message}`) } } })
  return { clock, notices, lines, one: make('one'), two: make('two') }
}

const timingOf = (bulkhead: Bulkhead, what: string) => bulkhead.meter.all().find((timing) => timing.what === what)

describe('Bulkhead.run', () => {
  it('counts calls, failures, how long they kept the event loop, and how long they took in all', async () => {
    const { clock, one } = makeBulkheads()
    expect(one.run('push', () => { clock.work(4); return 'done' })).to.equal('done')
    await failureOf(async () => one.run('push', () => { clock.work(2); throw new Error('no') }))
    const later = one.run('push', async () => { clock.work(1); await clock.sleep(10) })
    await clock.advance(10)
    await later
    expect(timingOf(one, 'push')).to.deep.equal({ what: 'push', isTap: false, calls: 3, failures: 1, totalMs: 17, busyMs: 7, longestBusyMs: 4 })
  })

  it('charges each plugin with its own time only, when a call of one leads into another', () => {
    const { clock, one, two } = makeBulkheads()
    one.run('route /x', () => {
      clock.work(3)
      two.run('beforeWrite', () => clock.work(700))
      two.run('beforeWrite', () => clock.work(1))
      clock.work(2)
    })
    one.run('timer', () => clock.work(10))
    expect([timingOf(one, 'route /x')?.busyMs, timingOf(two, 'beforeWrite')?.busyMs, timingOf(one, 'timer')?.busyMs]).to.deep.equal([5, 701, 10])
  })

  it('tells the operator of a call that keeps the event loop for half a second', () => {
    const { clock, notices, one } = makeBulkheads()
    one.run('beforeWrite', () => clock.work(499))
    one.run('beforeWrite', () => clock.work(500))
    expect(notices).to.deep.equal(['MESH_PLUGIN_BLOCKED plugin "one" (./one.mjs) keeps the whole node waiting in beforeWrite: one call ran for more than 500 ms at a stretch'])
  })

  it('calls nothing once the plugin is closed, and says why', async () => {
    const { one } = makeBulkheads()
    one.close('it is broken')
    one.close('another reason')
    const error = await failureOf(async () => one.run('push', () => expect.fail('was called')))
    expect(error).to.include({ code: 'MESH_NOT_RUNNING', message: 'plugin "one" (./one.mjs) does not run any more: it is broken' })
    expect(one.contain('push', () => expect.fail('was called'))).to.equal(undefined)
  })
})

describe('Bulkhead.contain', () => {
  it('logs what is thrown, at once or later, and gives nothing', async () => {
    const { one, lines } = makeBulkheads()
    expect(one.contain('timer', () => { throw new Error('now') })).to.equal(undefined)
    await one.contain('announce', async () => { throw new Error('later') })?.catch(() => {})
    expect(lines).to.deep.equal(['warn plugin "one" (./one.mjs) failed in timer', 'warn plugin "one" (./one.mjs) failed in announce'])
  })
})
