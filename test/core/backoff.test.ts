import { expect } from 'chai'
import { seededRandom } from '@akshi/testkit'
import { backoffMs } from '../../packages/core/src/backoff.ts'

const at = (uniform: number) => ({ ...seededRandom(), uniform: () => uniform })

describe('backoffMs', () => {
  it('doubles from 250 ms to 30 s, half of it fixed and half by chance', () => {
    const failures = [0, 1, 2, 6, 7, 8, 50, 2_000]
    expect(failures.map((count) => backoffMs(count, at(0)))).to.deep.equal([125, 250, 500, 8_000, 15_000, 15_000, 15_000, 15_000])
    expect(failures.map((count) => backoffMs(count, at(1)))).to.deep.equal([250, 500, 1_000, 16_000, 30_000, 30_000, 30_000, 30_000])
  })
})
