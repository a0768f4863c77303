import { expect } from 'chai'
import { SyncPace } from '../../../packages/core/src/storage/sync-pace.ts'

/** How many syncs go to another thread before the event loop waits for one again. */
function left (pace: SyncPace): number {
  let count = 0
  for (; !pace.isQuick; count++) pace.note(undefined)
  return count
}

function slow (pace: SyncPace): number {
  pace.note(5)
  return left(pace)
}

function quick (pace: SyncPace, times: number): void {
  for (let i = 0; i < times; i++) pace.note(0.1)
}

describe('SyncPace', () => {
  it('waits on the event loop while syncs are quick', () => {
    const pace = new SyncPace()
    quick(pace, 1_000)
    expect(pace.isQuick).to.equal(true)
  })

  it('leaves more to another thread each time one is slow, up to a bound', () => {
    const pace = new SyncPace()
    expect(Array.from({ length: 9 }, () => slow(pace))).to.deep.equal([8, 16, 32, 64, 128, 256, 512, 512, 512])
  })

  it('forgets slow ones after many quick ones in a row, not after a few', () => {
    const pace = new SyncPace()
    const counts = [slow(pace), slow(pace)]
    quick(pace, 63)
    counts.push(slow(pace))
    quick(pace, 64)
    counts.push(slow(pace))
    expect(counts).to.deep.equal([8, 16, 32, 8])
  })
})
