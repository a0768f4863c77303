import { expect } from 'chai'
import { sketch, type SketchOptions } from './feed-sketch.ts'

describe('FeedPaths.spent', () => {
  const spent = (items: string, options?: SketchOptions, own = items) => sketch(items, options).spent(new Set(own.split(' '))).join(' ')

  it('finds what the snapshot of a sealed segment stands for, the oldest first', () => {
    expect([spent('1 2 3 4 s4 5'), spent('s4 5 6 s6 7 8 s8 9'), spent('s4 5 6 7 8 s8 s12'), spent('1 2 3 4 s4 5 6 7 8 s8 9')])
      .to.deep.equal(['1 2 3 4', '5 6 s6 7 8', '5 6 7 8', '1 2 3 4 5 6 7 8'])
  })

  it('spares an open segment, and one that is shown to go on by nothing', () => {
    expect([spent('1 2 3 4 s4'), spent('1 2 s2 3'), spent('s4 5 6 7 s7 8'), spent("1 2 3 4 s4 4' s8", { branch: 3 })]).to.deep.equal(['', '', '', ''])
  })

  it('spares what no chain leads to', () => {
    expect([spent('1 2 4 s4 5'), spent('1 2 s4 5'), spent("1 2 3 4 s4 5 3' 4'", { branch: 2 }), spent("1 2 3 4 s4 5 4' s4'", { branch: 2 })])
      .to.deep.equal(['4', '', '1 2 3 4', '1 2 3 4'])
  })

  it('counts a smaller snapshot without a chain only while no fork shows', () => {
    expect([spent('s2 s4 5'), spent('2 s2 s4 5'), spent('s2 3 s4 5'), spent("s2 3' s4 5", { branch: 2 }), spent("s2 s4 5 5'", { branch: 4 })]).to.deep.equal(['s2', '2 s2', 's2 3', '', ''])
  })

  it('goes by the snapshots that this node has put, and no others', () => {
    expect([spent('1 2 3 4 s4 5', {}, 's8'), spent('s2 s4 5', {}, 's4'), spent('1 2 3 4 s4 5 6 7 8 s8 9', {}, 's4')]).to.deep.equal(['', '', '1 2 3 4'])
  })
})
