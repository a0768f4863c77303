import { expect } from 'chai'
import fc from 'fast-check'
import { selectNames } from '../../packages/plugin-fs/src/feed-selection.ts'
import { findSpent } from '../../packages/plugin-fs/src/spent-files.ts'
import { draw, sketch, tipsOf } from './feed-sketch.ts'

const feed = { journal: 'notes', part: 'log', origin: 'did:key:z6Mk' } as const
const options = { numRuns: 1_000 }

/** The envelopes that files hold; a segment has four. */
function contentOf (files: readonly string[], branch = 0): Set<string> {
  return new Set(files.flatMap((file) => {
    const [seq, side] = [parseInt(file.replace('s', '')), file.endsWith("'") ? "'" : '']
    const first = file.startsWith('s') ? seq - (seq - 1) % 4 : seq
    return Array.from({ length: seq - first + 1 }, (_, index) => pointAt(first + index, side, branch))
  }))
}

function pointAt (seq: number, side: string, branch: number): string {
  return `${seq}${seq > branch ? side : ''}`
}

/** Some files of a feed with one path, or with two if `sides` says so. */
function someFiles (sides: readonly string[], branch: number, isWhole: (seq: number) => boolean = () => true): fc.Arbitrary<string[]> {
  const names = sides.flatMap((side) => Array.from({ length: 14 }, (_, index) => index + 1).filter((seq) => side === '' || seq > branch)
    .flatMap((seq) => [`${seq}${side}`, ...isWhole(seq) ? [`s${seq}${side}`] : []]))
  return fc.subarray(names)
}

/** The files, and the envelopes that are missing before the last of each path. */
function mend (files: readonly string[], branch = 0): string[] {
  const content = contentOf(files, branch)
  const missing = ['', "'"].flatMap((side) => {
    const last = Math.max(0, ...[...content].filter((point) => point.endsWith(side)).map((point) => parseInt(point)))
    return Array.from({ length: last }, (_, index) => pointAt(index + 1, side, branch)).filter((point) => !content.has(point))
  })
  return [...files, ...new Set(missing)]
}

describe('a feed of which any files are there', () => {
  const forked = fc.integer({ min: 0, max: 8 }).chain((branch) => fc.record({ branch: fc.constant(branch), files: someFiles(['', "'"], branch) }))
  const endsSegment = (seq: number) => seq % 4 === 0

  it('gives to everybody all that they have not', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 14 }), someFiles([''], 0), fc.integer({ min: 0, max: 14 }), fc.boolean(), (last, files, older, newestFirst) => {
      const have = [last, older].filter((seq) => seq > 0 && seq <= last).join(' ')
      const given = selectNames(sketch(files.join(' ')), { feed, have: tipsOf(have) }, newestFirst)
      const has = contentOf(Array.from({ length: last }, (_, index) => `${index + 1}`))
      expect([...contentOf(files)].filter((each) => !contentOf(given).has(each) && !has.has(each))).to.deep.equal([])
    }), options)
  })

  it('gives both sides of a fork that shows and has no gaps, whichever of them somebody has', () => {
    fc.assert(fc.property(forked, fc.integer({ min: 0, max: 14 }), fc.constantFrom('', "'"), ({ branch, files: some }, last, side) => {
      const files = mend(some, branch)
      const paths = sketch(files.join(' '), { branch })
      fc.pre(paths.forkSeq <= branch + 1)
      const has = new Set(Array.from({ length: last }, (_, index) => pointAt(index + 1, side, branch)))
      const given = contentOf(selectNames(paths, { feed, have: tipsOf([...has].slice(-1).join(' ')) }, false), branch)
      expect([...contentOf(files, branch)].filter((each) => !given.has(each) && !has.has(each))).to.deep.equal([])
    }), options)
  })

  it('has as its tip the end of what is there without a gap, if its snapshots are of whole segments', () => {
    fc.assert(fc.property(someFiles([''], 0, endsSegment), (files) => {
      const content = contentOf(files)
      let last = 0
      while (content.has(`${last + 1}`)) last++
      const tips = sketch(files.join(' ')).tips.map(({ seq }) => seq)
      expect(Math.max(0, ...tips)).to.equal(last)
    }), options)
  })

  it('holds the same, and has the same tips, while its origin deletes what is spent', () => {
    fc.assert(fc.property(someFiles([''], 0), fc.nat({ max: 20 }), (some, count) => {
      const files = mend(some)
      const before = sketch(files.join(' '))
      const spent = findSpent(before, new Set(files)).slice(0, count)
      const left = files.filter((file) => !spent.includes(file))
      expect([[...contentOf(left)].sort(), draw(sketch(left.join(' ')).tips)]).to.deep.equal([[...contentOf(files)].sort(), draw(before.tips)])
    }), options)
  })

  it('loses no side of a fork while its origin deletes what is spent', () => {
    fc.assert(fc.property(forked, fc.nat({ max: 20 }), ({ branch, files: some }, count) => {
      const files = mend(some, branch)
      const paths = sketch(files.join(' '), { branch })
      fc.pre(paths.forkSeq < Infinity || !files.some((file) => file.endsWith("'")))
      const spent = findSpent(paths, new Set(files)).slice(0, count)
      const left = files.filter((file) => !spent.includes(file))
      expect([...contentOf(left, branch)].sort()).to.deep.equal([...contentOf(files, branch)].sort())
    }), options)
  })
})
