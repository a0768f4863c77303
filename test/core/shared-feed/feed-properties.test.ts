import { expect } from 'chai'
import fc from 'fast-check'
import { FeedOutline } from '../../../packages/core/src/shared-feed/feed-outline.ts'
import { FeedPaths } from '../../../packages/core/src/shared-feed/feed-paths.ts'
import { draw, rangeOf, sketch, spotsOf } from './feed-sketch.ts'

/** Envelopes of a path, four a segment. */
const length = 14
const options = { numRuns: 1_000 }
const always = () => true
const endsSegment = (seq: number) => seq % 4 === 0

/** Items of a feed that forks after `branch`. */
interface Forked {
  readonly branch: number
  readonly items: readonly string[]
}

/** An envelope as it is sketched, on either side. */
function pointAt (seq: number, side: string, branch: number): string {
  return `${seq}${seq > branch ? side : ''}`
}

function pathTo (last: number, side = '', branch = 0): string[] {
  return Array.from({ length: last }, (_, index) => pointAt(index + 1, side, branch))
}

/** The envelopes that items hold. */
function contentOf (items: readonly string[], branch = 0): Set<string> {
  return new Set(items.flatMap((item) => {
    const [seq, side] = [parseInt(item.replace('s', '')), item.endsWith("'") ? "'" : '']
    const first = item.startsWith('s') ? seq - (seq - 1) % 4 : seq
    return pathTo(seq, side, branch).slice(first - 1)
  }))
}

/** Envelopes that both paths have in segments of which they have all. */
function sharedBefore (branch: number): number {
  return branch - branch % 4
}

/** Any items of a feed, with snapshots where `mayEnd` says so; with a second path if there is a branch. */
function someItems (mayEnd: (seq: number) => boolean, branch = Infinity): fc.Arbitrary<string[]> {
  const both = pathTo(length).concat(pathTo(length, "'", branch).slice(branch))
  return fc.subarray(both.flatMap((point) => [point, ...mayEnd(parseInt(point)) ? [`s${point}`] : []]))
}

/** Any items of a forked feed. */
function forkedItems (mayEnd: (seq: number, branch: number) => boolean): fc.Arbitrary<Forked> {
  return fc.integer({ min: 0, max: 8 }).chain((branch) => someItems((seq) => mayEnd(seq, branch), branch).map((items) => ({ branch, items })))
}

/** The items, and the envelopes that are missing after `from` before the last of each path. */
function mend (items: readonly string[], branch = 0, from = 0): string[] {
  const content = contentOf(items, branch)
  const missing = ['', "'"].flatMap((side) => {
    const last = Math.max(0, ...[...content].filter((point) => point.endsWith(side)).map((point) => parseInt(point)))
    return pathTo(last, side, branch).slice(from).filter((point) => !content.has(point))
  })
  return [...items, ...new Set(missing)]
}

/** What somebody who has a path so far, and names these points of it, has not got though it is there. */
function heldBack ({ branch, items }: Forked, last: number, side: string, named: readonly number[], newestFirst = false): string[] {
  const own = pathTo(last, side, branch)
  const have = own.filter((_, index) => index === last - 1 || named.includes(index + 1))
  const given = sketch(items.join(' '), { branch }).select(rangeOf(have.reverse().join(' ')), { newestFirst })
  const has = new Set([...own, ...contentOf(given, branch)])
  return [...contentOf(items, branch)].filter((point) => !has.has(point))
}

/** Tips with something before them missing. */
function falseTips ({ branch, items }: Forked): string[] {
  const content = contentOf(items, branch)
  const tips = draw(sketch(items.join(' '), { branch }).tips).split(' ').filter((tip) => tip !== '')
  return tips.filter((tip) => !pathTo(parseInt(tip), tip.endsWith("'") ? "'" : '', branch).every((point) => content.has(point)))
}

const lasts = fc.integer({ min: 0, max: length + 2 })
const sides = fc.constantFrom('', "'")
const points = fc.array(lasts, { maxLength: 3 })

describe('a feed of which any items are there', () => {
  it('gives to everybody all that they have not', () => {
    fc.assert(fc.property(someItems(always), lasts, points, fc.boolean(), (items, last, named, newestFirst) => {
      expect(heldBack({ branch: 0, items }, last, '', named, newestFirst)).to.deep.equal([])
    }), options)
  })

  it('has as its tip the end of what is there without a gap, if its snapshots are of whole segments', () => {
    fc.assert(fc.property(someItems(endsSegment), (items) => {
      const content = contentOf(items)
      const last = pathTo(length + 1).findIndex((point) => !content.has(point))
      expect(Math.max(0, ...sketch(items.join(' ')).tips.map(({ seq }) => seq))).to.equal(last)
    }), options)
  })

  it('says the same in whatever order they come', () => {
    const shuffled = forkedItems(always).chain(({ branch, items }) => fc.record({ branch: fc.constant(branch), items: fc.constant(items), other: fc.shuffledSubarray([...items], { minLength: items.length }) }))
    fc.assert(fc.property(shuffled, lasts, ({ branch, items, other }, last) => {
      const said = [items, other].map((each) => {
        const paths = new FeedPaths(spotsOf(each.join(' '), { branch }))
        return [draw(paths.tips), paths.select(rangeOf(pathTo(last).slice(-1).join(' '))), paths.spent(new Set(items))]
      })
      expect(said[0]).to.deep.equal(said[1])
    }), options)
  })

  it('holds the same, and has the same tips, while its origin deletes what is spent', () => {
    fc.assert(fc.property(someItems(always), fc.nat({ max: 20 }), (some, count) => {
      const items = mend(some)
      const before = sketch(items.join(' '))
      const spent = before.spent(new Set(items)).slice(0, count)
      const left = items.filter((item) => !spent.includes(item))
      expect([[...contentOf(left)].sort(), draw(sketch(left.join(' ')).tips)]).to.deep.equal([[...contentOf(items)].sort(), draw(before.tips)])
    }), options)
  })
})

describe('a forked feed of which any items are there', () => {
  /** Gaps are where both paths are one; snapshots may end anywhere, or where segments do. */
  const wholeSides = (mayEnd: (seq: number) => boolean) => forkedItems(mayEnd).map(({ branch, items }) => ({ branch, items: mend(items, branch, sharedBefore(branch)) }))
  /** Gaps are anywhere; snapshots only where both paths are one. */
  const envelopesOfSides = forkedItems((seq, branch) => endsSegment(seq) && seq <= sharedBefore(branch))

  const forkSeq = ({ branch, items }: Forked) => new FeedOutline(spotsOf(items.join(' '), { branch })).forkSeq

  it('gives both sides that have no gaps once the fork shows, whichever of them somebody has', () => {
    fc.assert(fc.property(wholeSides(always), lasts, sides, points, fc.boolean(), (forked, last, side, named, newestFirst) => {
      fc.pre(forkSeq(forked) <= forked.branch + 1)
      expect(heldBack(forked, last, side, named, newestFirst)).to.deep.equal([])
    }), options)
  })

  it('gives both sides of envelopes with gaps once the fork shows', () => {
    fc.assert(fc.property(envelopesOfSides, lasts, sides, points, (some, last, side, named) => {
      const { branch } = some
      const items = [...new Set([...some.items, pointAt(branch + 1, '', branch), pointAt(branch + 1, "'", branch)])]
      expect(heldBack({ branch, items }, last, side, named)).to.deep.equal([])
    }), options)
  })

  it('has no tip of a path that is not whole, if its snapshots are of whole segments', () => {
    fc.assert(fc.property(fc.oneof(wholeSides(endsSegment), envelopesOfSides), (forked) => {
      expect(falseTips(forked)).to.deep.equal([])
    }), options)
  })

  it('loses no side that shows while its origin deletes what is spent', () => {
    fc.assert(fc.property(forkedItems(always), fc.nat({ max: 20 }), ({ branch, items: some }, count) => {
      const items = mend(some, branch)
      fc.pre(forkSeq({ branch, items }) < Infinity || !items.some((item) => item.endsWith("'")))
      const spent = sketch(items.join(' '), { branch }).spent(new Set(items)).slice(0, count)
      const left = items.filter((item) => !spent.includes(item))
      expect([...contentOf(left, branch)].sort()).to.deep.equal([...contentOf(items, branch)].sort())
    }), options)
  })
})
