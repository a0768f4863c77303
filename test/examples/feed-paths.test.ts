import type { Range, Tip } from '@akshi/core'
import { expect } from 'chai'
import fc from 'fast-check'
// @ts-expect-error a module of an example, in JavaScript
import { FeedPaths as PlainFeedPaths } from '../../examples/redis-transport/src/feed-paths.js'
import { sketch as sketchFiles, tipsOf, type SketchOptions } from '../plugin-fs/feed-sketch.ts'

interface Paths {
  readonly tips: readonly Tip[]
  select (range: Range, newestFirst: boolean): readonly string[]
}

const FeedPaths = PlainFeedPaths as new (spots: readonly object[]) => Paths
const feed = { journal: 'notes', part: 'log', origin: 'did:key:z6Mk' } as const
const options = { numRuns: 1_000 }

/** The items of a feed, sketched as the files of plugin-fs are: `5` is an envelope, `s4` a snapshot up to the fourth; `5'` is on a second path. */
function sketch (items: readonly string[], given?: SketchOptions): Paths {
  return new FeedPaths(sketchFiles(items.join(' '), given).points.flatMap(({ files, seq, id, prev, segment, entries }) =>
    (['envelope', 'snapshot'] as const).flatMap((kind) => files[kind] === undefined ? [] : { key: files[kind], kind, seq, id, prev, segment, entries })))
}

/** The envelopes that items hold; a segment has four. */
function contentOf (items: readonly string[], branch = 0): Set<string> {
  return new Set(items.flatMap((item) => {
    const [seq, side] = [parseInt(item.replace('s', '')), item.endsWith("'") ? "'" : '']
    const first = item.startsWith('s') ? seq - (seq - 1) % 4 : seq
    return Array.from({ length: seq - first + 1 }, (_, index) => pointAt(first + index, side, branch))
  }))
}

function pointAt (seq: number, side: string, branch: number): string {
  return `${seq}${seq > branch ? side : ''}`
}

/** Some items of a feed with one path, or with two. */
function someItems (sides: readonly string[], branch: number, isWhole: (seq: number) => boolean = () => true): fc.Arbitrary<string[]> {
  return fc.subarray(sides.flatMap((side) => Array.from({ length: 14 }, (_, index) => index + 1).filter((seq) => side === '' || seq > branch)
    .flatMap((seq) => [`${seq}${side}`, ...isWhole(seq) ? [`s${seq}${side}`] : []])))
}

/** What the scaffold writes for everything that nodes share, and examples/redis-transport has. */
describe('a feed of which any items are in a shared place of others', () => {
  it('gives to everybody all that they have not', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 14 }), someItems([''], 0), fc.integer({ min: 0, max: 14 }), fc.boolean(), (last, items, older, newestFirst) => {
      const have = [last, older].filter((seq) => seq > 0 && seq <= last).join(' ')
      const given = sketch(items).select({ feed, have: tipsOf(have) }, newestFirst)
      const has = contentOf(Array.from({ length: last }, (_, index) => `${index + 1}`))
      expect([...contentOf(items)].filter((each) => !contentOf(given).has(each) && !has.has(each))).to.deep.equal([])
    }), options)
  })

  it('gives both sides of a fork that has no gaps, whichever of them somebody has', () => {
    const forked = fc.integer({ min: 0, max: 8 }).chain((branch) => fc.record({ branch: fc.constant(branch), lengths: fc.tuple(fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 14 })), snapshots: someItems(['', "'"], branch, (seq) => seq % 4 === 0) }))
    fc.assert(fc.property(forked, fc.integer({ min: 0, max: 14 }), fc.constantFrom('', "'"), ({ branch, lengths, snapshots }, last, side) => {
      const envelopes = ['', "'"].flatMap((each, index) => Array.from({ length: lengths[index] ?? 0 }, (_, at) => pointAt(at + 1, each, branch)))
      const content = new Set(envelopes)
      const items = [...content, ...snapshots.filter((item) => item.startsWith('s') && content.has(item.slice(1)))]
      const has = new Set(Array.from({ length: last }, (_, index) => pointAt(index + 1, side, branch)))
      const given = contentOf(sketch(items, { branch }).select({ feed, have: tipsOf([...has].slice(-1).join(' ')) }, false), branch)
      expect([...content].filter((each) => !given.has(each) && !has.has(each))).to.deep.equal([])
    }), options)
  })

  it('has as its tip the end of what is there without a gap, if its snapshots are of whole segments', () => {
    fc.assert(fc.property(someItems([''], 0, (seq) => seq % 4 === 0), (items) => {
      const content = contentOf(items)
      let last = 0
      while (content.has(`${last + 1}`)) last++
      expect(Math.max(0, ...sketch(items).tips.map(({ seq }) => seq))).to.equal(last)
    }), options)
  })
})
