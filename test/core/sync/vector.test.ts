import { expect } from 'chai'
import type { FeedState } from '../../../packages/core/src/transport.ts'
import { sameState, seqOf, vectorOf } from '../../../packages/core/src/sync/vector.ts'
import { identities } from '../arbitraries.ts'

const bytes = (byte: number) => new Uint8Array(32).fill(byte)
const feed = { journal: 'notes', part: 'log' as const, origin: identities[0].did }
const state = (seq: number, id = 1, heads: readonly number[] = [1]): FeedState => ({ feed, tips: [{ seq, id: bytes(id) }], heads: heads.map(bytes) })
const empty: FeedState = { feed, tips: [], heads: [] }

describe('version vectors', () => {
  it('know the last number of a feed: the highest tip, and 0 for nothing', () => {
    const forked = { ...state(3), tips: [{ seq: 3, id: bytes(1) }, { seq: 7, id: bytes(2) }, { seq: 5, id: bytes(3) }] }
    expect([seqOf(undefined), seqOf(empty), seqOf(state(3)), seqOf(forked)]).to.deep.equal([0, 0, 3, 7])
  })

  it('find a feed by its key', () => {
    const other = { ...state(2), feed: { ...feed, journal: 'other' } }
    expect([...vectorOf([state(1), other])]).to.deep.equal([[`notes/log/${feed.origin}`, state(1)], [`other/log/${feed.origin}`, other]])
  })

  it('are the same for equal envelopes and heads; where nobody keeps documents, heads do not count', () => {
    const cases: [FeedState | undefined, FeedState | undefined, boolean][] = [
      [state(3), state(3), true], [state(3), state(4), false], [state(3, 1), state(3, 2), false], [state(3, 1, [1]), state(3, 1, [2]), false],
      [state(3, 1, [1]), state(3, 1, []), true], [state(3, 1, []), state(3, 2, []), false], [state(3), undefined, false], [empty, undefined, true], [undefined, undefined, true]
    ]
    for (const [a, b, same] of cases) expect([sameState(a, b), sameState(b, a)]).to.deep.equal([same, same])
  })
})
