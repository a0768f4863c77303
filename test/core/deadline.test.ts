import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { withDeadline } from '../../packages/core/src/deadline.ts'
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
