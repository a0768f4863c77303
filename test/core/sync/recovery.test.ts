import { expect } from 'chai'
import { settle, VirtualClock } from '@akshi/testkit'
import { Recovery } from '../../../packages/core/src/sync/recovery.ts'

/** A write that asks for leave, and whether it has got it. */
function write (recovery: Recovery, isEmpty: boolean): { may: boolean } {
  const asking = { may: false }
  void recovery.mayWrite(isEmpty).then(() => { asking.may = true })
  return asking
}

describe('Recovery', () => {
  it('lets a node write at once that has nobody to ask, or that has its feed and nothing damaged', async () => {
    const clock = new VirtualClock()
    const alone = write(new Recovery(clock), true)
    const recovery = new Recovery(clock)
    recovery.ask()
    const whole = write(recovery, false)
    await settle()
    expect([alone.may, whole.may, clock.delays]).to.deep.equal([true, true, []])
  })

  it('lets a node with an empty feed wait until somebody was asked, and nobody wait after that', async () => {
    const clock = new VirtualClock()
    const recovery = new Recovery(clock)
    recovery.ask()
    const [first, second] = [write(recovery, true), write(recovery, true)]
    await settle()
    expect([first.may, second.may]).to.deep.equal([false, false])
    recovery.done()
    await settle()
    const later = write(recovery, true)
    await settle()
    expect([first.may, second.may, later.may]).to.deep.equal([true, true, true])
  })

  it('lets a node wait whose own journal is damaged, though it has its feed, also when that shows later', async () => {
    const recovery = new Recovery(new VirtualClock())
    recovery.done()
    recovery.need()
    const waiting = write(recovery, false)
    await settle()
    expect(waiting.may).to.equal(false)
    recovery.done()
    await settle()
    expect(waiting.may).to.equal(true)
  })

  it('lets nobody wait longer than two seconds', async () => {
    const clock = new VirtualClock()
    const recovery = new Recovery(clock)
    recovery.need()
    const waiting = write(recovery, false)
    await clock.advance(1_999)
    expect(waiting.may).to.equal(false)
    await clock.advance(1)
    expect(waiting.may).to.equal(true)
  })
})
