import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { withDeadline, type Extend } from '../../packages/core/src/deadline.ts'
import { failureOf } from '../support/failures.ts'

const never = () => new Promise<never>(() => {})

describe('withDeadline', () => {
  it('gives what the task gives, or fails as it fails, and leaves no timer', async () => {
    const clock = new VirtualClock()
    const parent = new AbortController()
    expect(await withDeadline(clock, 1_000, 'a task', async () => 7, parent.signal)).to.equal(7)
    const error = new Error('boom')
    expect(await failureOf(() => withDeadline(clock, 1_000, 'a task', () => Promise.reject(error)))).to.equal(error)
    expect(await failureOf(() => withDeadline(clock, 1_000, 'a task', () => { throw error }))).to.equal(error)
    parent.abort()
    expect(clock.delays).to.deep.equal([])
  })

  it('ends a task that heeds no signal, at its time and not before', async () => {
    const clock = new VirtualClock()
    let signal: AbortSignal | undefined
    let failure: unknown
    void failureOf(() => withDeadline(clock, 1_500, 'dialling', (given) => { signal = given; return never() })).then((error) => { failure = error })
    await clock.advance(1_499)
    expect([signal?.aborted, failure]).to.deep.equal([false, undefined])
    await clock.advance(1)
    expect(failure).to.include({ code: 'MESH_TIMEOUT', message: 'dialling took longer than 1.5 s.' })
    expect([signal?.aborted, signal?.reason]).to.deep.equal([true, failure])
  })

  it('ends with the parent\'s reason, unchanged, when that aborts', async () => {
    const clock = new VirtualClock()
    const parent = new AbortController()
    const reason = new Error('stopping')
    let signal: AbortSignal | undefined
    const failure = failureOf(() => withDeadline(clock, 1_000, 'a task', (given) => { signal = given; return never() }, parent.signal))
    parent.abort(reason)
    expect([await failure, signal?.reason, clock.delays]).to.deep.equal([reason, reason, []])
  })

  it('does not begin when the parent has aborted already', async () => {
    let begun = false
    const reason = new Error('stopped')
    expect(await failureOf(() => withDeadline(new VirtualClock(), 1_000, 'a task', async () => { begun = true }, AbortSignal.abort(reason)))).to.equal(reason)
    expect(begun).to.equal(false)
  })
})

/** A clock whose process stands still now and then: what was due meanwhile comes late. */
class StallingClock extends VirtualClock {
  stalledMs = 0

  override monotonic (): number { return super.monotonic() + this.stalledMs }
}

/** A task of a second that never ends: when it was given up, counted by the timers. */
function endless (clock: VirtualClock) {
  const begun: { extend: Extend, endedAt?: number, failure?: unknown } = { extend: () => {} }
  const elapsed = () => clock.now() - Date.UTC(2025, 0, 1)
  failureOf(() => withDeadline(clock, 1_000, 'a task', (_signal, extend) => {
    begun.extend = extend
    return never()
  })).then((failure) => Object.assign(begun, { endedAt: elapsed(), failure })).catch(() => {})
  return begun
}

describe('withDeadline, for a task that gets on,', () => {
  it('begins its time anew with each step', async () => {
    const clock = new VirtualClock()
    const task = endless(clock)
    for (let step = 0; step < 5; step++) {
      await clock.advance(900)
      task.extend()
    }
    await clock.advance(999)
    const before = task.endedAt
    await clock.advance(5_000)
    expect([before, task.endedAt, clock.delays]).to.deep.equal([undefined, 5_500, []])
    expect(task.failure).to.include({ code: 'MESH_TIMEOUT' })
  })

  it('gives so much more as it asks for, this once, and takes nothing of it back', async () => {
    const clock = new VirtualClock()
    const task = endless(clock)
    await clock.advance(500)
    task.extend(3_000)
    task.extend()
    await clock.advance(2_000)
    task.extend()
    await clock.advance(10_000)
    expect(task.endedAt).to.equal(4_500)
    const other = endless(clock)
    other.extend(100)
    await clock.advance(1_050)
    other.extend()
    await clock.advance(10_000)
    expect(other.endedAt).to.equal(12_500 + 2_050)
  })

  it('leaves no timer when it is done', async () => {
    const clock = new VirtualClock()
    expect([await withDeadline(clock, 1_000, 'a task', async (_signal, extend) => {
      await clock.advance(900)
      extend(5_000)
      await clock.advance(900)
      return 7
    }), clock.delays]).to.deep.equal([7, []])
  })
})

describe('withDeadline, in a process that stood still,', () => {
  it('gives the task half its time again, once', async () => {
    const clock = new StallingClock()
    const task = endless(clock)
    clock.stalledMs = 250
    await clock.advance(1_499)
    const before = task.endedAt
    clock.stalledMs = 5_000
    await clock.advance(1)
    expect([before, task.endedAt, clock.delays]).to.deep.equal([undefined, 1_500, []])
  })

  it('takes what comes meanwhile', async () => {
    const clock = new StallingClock()
    const result = withDeadline(clock, 1_000, 'a task', async () => {
      await clock.sleep(1_200)
      return 7
    })
    clock.stalledMs = 60_000
    await clock.advance(1_200)
    expect([await result, clock.delays]).to.deep.equal([7, []])
  })

  it('does not count what every process is late', async () => {
    const clock = new StallingClock()
    const task = endless(clock)
    clock.stalledMs = 249
    await clock.advance(1_000)
    expect(task.endedAt).to.equal(1_000)
  })

  it('still heeds the steps that a task makes after that', async () => {
    const clock = new StallingClock()
    const task = endless(clock)
    clock.stalledMs = 1_000
    await clock.advance(1_400)
    task.extend()
    await clock.advance(10_000)
    expect(task.endedAt).to.equal(2_400)
  })
})
