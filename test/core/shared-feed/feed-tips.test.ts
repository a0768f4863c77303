import { expect } from 'chai'
import { FeedOutline } from '../../../packages/core/src/shared-feed/feed-outline.ts'
import { FeedPaths } from '../../../packages/core/src/shared-feed/feed-paths.ts'
import { draw, sketch, spotsOf, type SketchOptions } from './feed-sketch.ts'

describe('FeedPaths.tips', () => {
  const tips = (items: string, branch = 0) => draw(sketch(items, { branch }).tips)

  it('ends where the next envelope is missing', () => {
    expect(['1 2 3', '3 2 1', '1 3', '2 3', ''].map((items) => tips(items))).to.deep.equal(['3', '3', '1', '', ''])
  })

  it('takes a snapshot for all of its segment', () => {
    expect(['s4', 's4 5 6', 's4 s8 9', 's3 4 5', 's4 s8 s10 11'].map((items) => tips(items))).to.deep.equal(['4', '6', '9', '5', '11'])
  })

  it('has nothing of a snapshot as long as the segment before it is not there to its end', () => {
    expect(['s8', 's4 s12', '1 2 s8', 's3 s8', '1 2 4 s8', 's4 5 6 s12', '1 2 4 s6'].map((items) => tips(items))).to.deep.equal(['', '4', '2', '3', '2', '6', '2'])
  })

  it('has a snapshot whose predecessor is there, or whose segment before is', () => {
    expect(['1 2 3 4 s5', '1 2 3 4 5 s6', '1 2 3 4 s6', 's4 5 6 7 8 s8'].map((items) => tips(items))).to.deep.equal(['5', '6', '6', '8'])
  })

  it('counts no tip that a larger snapshot of its segment stands for', () => {
    expect(['1 2 s4', '1 2 s4 5', 's2 s3 s4', 's2 3 s4 5', 's4 5 s7 s8'].map((items) => tips(items))).to.deep.equal(['4', '5', '4', '5', '8'])
  })

  it('has what is left of an envelope chain after the rest was deleted', () => {
    expect(['3 4 s4', '3 4 s4 5', 's4 7 8 s8', '4 5 s4'].map((items) => tips(items))).to.deep.equal(['4', '5', '8', '5'])
  })

  it('has a tip for each side of a fork, whichever of them is in snapshots', () => {
    expect([
      tips("1 2 3 3' 4'", 2), tips("1 2 3 3' s4", 2), tips("1 2 3 s4 3' 4' 5'", 2), tips("s4 5 3'", 2), tips("s4 3' 4'", 2), tips("s4 s8 9 9' 10' s12", 8), tips("s4 5 5' s8 s8' 9 9'", 4), tips("1 2 3 4 3' 4' 5 s8", 2)
    ]).to.deep.equal(["3 4'", "3' 4", "4 5'", "3' 5", "4 4'", "9 10' 12", "5 5' 9 9'", "4' 5 8"])
  })

  it('takes no envelope for the next whose number is not', () => {
    const [first, third] = spotsOf('1 3')
    expect(draw(new FeedPaths([first!, { ...third!, prev: first!.id }]).tips)).to.equal('1')
  })

  it('knows from which number on there may be two paths', () => {
    const forkSeq = (items: string, options?: SketchOptions) => new FeedOutline(spotsOf(items, options)).forkSeq
    expect([
      forkSeq('1 2 3 s4 5'), forkSeq('3 4 s4 6'), forkSeq("1 2 2'", { branch: 1 }), forkSeq("s4 3'", { branch: 2 }), forkSeq("s4 5 s8 s8'", { branch: 6 }), forkSeq("1 2 3' 4' 4", { branch: 2 })
    ]).to.deep.equal([Infinity, Infinity, 2, 3, 8, 1])
  })
})
