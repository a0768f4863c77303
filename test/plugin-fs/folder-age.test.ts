import { expect } from 'chai'
import { FolderAge } from '../../packages/plugin-fs/src/folder-age.ts'

describe('FolderAge', () => {
  /** Looks at times in ms, each with a stamp; lists whenever it is asked to. */
  const listings = (looks: readonly [nowMs: number, stamp: string][]): boolean[] => {
    const age = new FolderAge()
    return looks.map(([nowMs, stamp]) => {
      const needed = age.needsListing(stamp, nowMs)
      if (needed) age.listed(nowMs)
      return needed
    })
  }

  it('wants a listing at first and for each new stamp', () => {
    expect(listings([[0, 'a'], [9_000, 'b'], [20_000, 'a']])).to.deep.equal([true, true, true])
  })

  it('wants listings until one came too late for a change to hide behind the same stamp', () => {
    expect(listings([[0, 'a'], [1_000, 'a'], [2_900, 'a'], [3_100, 'a'], [3_200, 'a'], [9_000, 'a']])).to.deep.equal([true, true, true, true, false, false])
  })

  it('wants a listing after a reset, and after one that did not end', () => {
    const age = new FolderAge()
    age.listed(5_000)
    expect(age.needsListing('a', 0)).to.equal(true)
    expect(age.needsListing('a', 9_000)).to.equal(true)
    age.listed(9_000)
    expect(age.needsListing('a', 9_100)).to.equal(false)
    age.reset()
    expect(age.needsListing('a', 9_200)).to.equal(true)
  })
})
