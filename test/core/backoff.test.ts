import { expect } from 'chai'
import { seededRandom } from '@akshi/testkit'
import { backoffMs, outageBackoffMs } from '../../packages/core/src/backoff.ts'

const at = (uniform: number) => ({ ...seededRandom(), uniform: () => uniform })

describe('backoffMs', () => {
  it('doubles from 250 ms to 30 s, half of it fixed and half by chance', () => {
    const failures = [0, 1, 2, 6, 7, 8, 50, 2_000]
    expect(failures.map((count) => backoffMs(count, at(0)))).to.deep.equal([125, 250, 500, 8_000, 15_000, 15_000, 15_000, 15_000])
    expect(failures.map((count) => backoffMs(count, at(1)))).to.deep.equal([250, 500, 1_000, 16_000, 30_000, 30_000, 30_000, 30_000])
  })
})

describe('outageBackoffMs', () => {
  it('doubles from 250 ms to a second, half of it fixed and half by chance, while the outage is young', () => {
    const failures = [0, 1, 2, 3, 50, 2_000]
    expect(failures.map((count) => outageBackoffMs(count, 0, at(0)))).to.deep.equal([125, 250, 500, 500, 500, 500])
    expect(failures.map((count) => outageBackoffMs(count, 16_000, at(1)))).to.deep.equal([1_000, 1_000, 1_000, 1_000, 1_000, 1_000])
  })

  it('is a sixteenth of an outage that lasts, at most half a minute, however often it failed', () => {
    const lasts = [16_000, 32_000, 160_000, 480_000, 1_000_000, 1e12]
    for (const failures of [0, 20, 2_000]) {
      expect(lasts.map((goneMs) => outageBackoffMs(failures, goneMs, at(1)))).to.deep.equal([1_000, 2_000, 10_000, 30_000, 30_000, 30_000])
      expect(lasts.map((goneMs) => outageBackoffMs(failures, goneMs, at(0)))).to.deep.equal([500, 1_000, 5_000, 15_000, 15_000, 15_000])
    }
  })
})
