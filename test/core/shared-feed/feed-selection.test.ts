import { expect } from 'chai'
import { rangeOf, sketch, type SketchOptions } from './feed-sketch.ts'

describe('FeedPaths.select', () => {
  const select = (items: string, have = '', { skip = '', branch = 0, perSegment = 4, ...options }: SketchOptions & { skip?: string, newestFirst?: boolean, maxEnvelopes?: number } = {}) =>
    sketch(items, { branch, perSegment }).select(rangeOf(have, skip), options).join(' ')
  const numbers = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index).join(' ')

  it('gives what is there in feed order, gap or not', () => {
    expect([select('3 1 2'), select('1 3'), select('s8 s4 9'), select('')]).to.deep.equal(['1 2 3', '1 3', 's4 s8 9', ''])
  })

  it('goes on after the points it knows, and passes over the others', () => {
    expect([
      select('1 2 3 4', '2'), select('1 2 3 4', '9 2 1'), select('1 2 3 4', "9 2'"), select('1 2 3', '3'),
      select('s4 s8 9 10', '9'), select('s4 s8 9 10', '8'), select('s4 s8 9', '4'), select('s4 s8 9', '3')
    ]).to.deep.equal(['3 4', '3 4', '1 2 3 4', '', '10', '9 10', 's8 9', 's4 s8 9'])
  })

  it('gives envelopes rather than a snapshot of them when they are few and all there', () => {
    expect([select('1 2 3 4 s4 5'), select('1 2 3 4 s4 5', '2'), select('s4 5 6 s6 7', '4'), select('s4 6 s6 7', '4'), select('s4 7 8 s8', '7')])
      .to.deep.equal(['1 2 3 4 5', '3 4 5', '5 6 7', 's6 7', '8'])
  })

  it('gives a snapshot rather than 201 envelopes', () => {
    const items = `${numbers(1, 210)} s205`
    expect([select(items, '4', { perSegment: 1_000 }), select(items, '5', { perSegment: 1_000 })]).to.deep.equal([`s205 ${numbers(206, 210)}`, numbers(6, 210)])
  })

  it('gives a snapshot rather than more envelopes than the caller likes', () => {
    expect([select('1 2 3 4 s4 5', '2', { maxEnvelopes: 1 }), select('1 2 3 4 s4 5', '3', { maxEnvelopes: 1 }), select('1 2 3 4 s4 5', '3', { maxEnvelopes: 0 })])
      .to.deep.equal(['s4 5', '4 5', 's4 5'])
  })

  it('gives one snapshot for those that a chain shows to be in it', () => {
    expect([select('s2 3 s4 5'), select('3 4 s4 5')]).to.deep.equal(['s4 5', 's4 5'])
  })

  it('gives what may be in a snapshot or not to those who have nothing that far', () => {
    expect([select('1 2 s4 5'), select('1 2 s4 5', '4'), select('s2 s4 5', '5')]).to.deep.equal(['1 2 s4 5', '5', ''])
  })

  it('gives snapshots from the newest when asked, then envelopes', () => {
    expect([select('s4 s8 s12 13 14', '', { newestFirst: true }), select('1 2 s4 s8 9', '', { newestFirst: true })]).to.deep.equal(['s12 s8 s4 13 14', 's8 s4 1 2 9'])
  })

  it('gives neither the snapshots to be skipped nor what a chain shows to be in them, but all before', () => {
    expect([select('s4 7 8 s8 9', '', { skip: '8' }), select('s4 s8 s12 13', '', { skip: '12 8' }), select('s4 s8 9', '', { skip: '99' })]).to.deep.equal(['s4 9', 's4 13', 's4 s8 9'])
  })

  describe('of a forked feed', () => {
    it('gives the other side to those who have one', () => {
      const branch = 2
      expect([
        select("1 2 3' 4' 4", '4', { branch }), select("1 2 3 4 3' 4'", '4', { branch }), select("1 2 3 4 3' 4'", "4'", { branch }), select("1 2 3 4 3' 4'", "4 4'", { branch }), select("1 2 3 4 3' 4'", '2', { branch })
      ]).to.deep.equal(["1 2 3' 4'", "3' 4'", '3 4', '', "3 3' 4 4'"])
    })

    it('gives a side that leaves the path inside a snapshot', () => {
      expect([select("s4 5 3' 4'", '5', { branch: 2 }), select("s4 s8 9 3'", '9', { branch: 2 }), select("s4 5 3'", '', { branch: 2 }), select("s4 5 3'", "5 3'", { branch: 2 })])
        .to.deep.equal(["3' 4'", "3'", "3' s4 5", ''])
    })
  })
})
