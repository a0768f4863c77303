import { expect } from 'chai'
import { encodeSnapshot, FeedPaths, peekItem, sealEnvelope, spotOf, type FeedSpot, type SpotKey } from '@akshi/core'
import { identities } from '../arbitraries.ts'
import { draw, rangeOf, spotsOf } from './feed-sketch.ts'

describe('FeedPaths', () => {
  const keyed = <Key extends SpotKey>(items: string, keyOf: (item: string) => Key): Array<FeedSpot<Key>> => spotsOf(items).map((spot) => ({ ...spot, key: keyOf(spot.key) }))

  it('gives back the keys that it was given, whatever they are', () => {
    const numbers = new FeedPaths(keyed('s4 5 6', (item) => parseInt(item.replace('s', '1'))))
    const [lists, list] = [[['s', 4], [], [6]], [] as unknown[][]]
    const ofLists = new FeedPaths(keyed('s4 5 6', () => { list.push(lists[list.length] ?? []); return list.at(-1) ?? [] }))
    expect([numbers.select(rangeOf('')), numbers.spent(new Set([14])), ofLists.select(rangeOf('')), ofLists.spent(new Set(list)).length]).to.deep.equal([[14, 5, 6], [], lists, 0])
  })

  it('counts the later of two items that say the same', () => {
    const spots = [...keyed('1 2', (item) => `old ${item}`), ...keyed('2', (item) => `new ${item}`)]
    expect(new FeedPaths(spots).select(rangeOf(''))).to.deep.equal(['old 1', 'new 2'])
  })

  it('has nothing of no items, and gives nothing', () => {
    const none = new FeedPaths([])
    expect([draw(none.tips), none.select(rangeOf('1'), { newestFirst: true }), none.spent(new Set())]).to.deep.equal(['', [], []])
  })
})

describe('spotOf', () => {
  const [identity] = identities
  const ids = { actor: new Uint8Array(16), heads: [new Uint8Array(32).fill(7)], at: 1 }
  const first = sealEnvelope(identity, 'mesh', { kind: 'journal', journal: 'notes', part: 'log', segment: 0, seq: 1, prev: undefined, entries: 3, ...ids }, Buffer.from('change'))
  const second = sealEnvelope(identity, 'mesh', { kind: 'journal', journal: 'notes', part: 'log', segment: 1, seq: 2, prev: first.id, entries: 5, ...ids }, Buffer.from('change'))
  const state = sealEnvelope(identity, 'mesh', { kind: 'journal', journal: 'notes', part: 'state', seq: 1, prev: undefined, ...ids }, Buffer.from('change'))
  const hex = ({ id }: { readonly id: Uint8Array }) => Buffer.from(id).toString('hex')

  it('says what an envelope, a snapshot and a change of a state say of their places', () => {
    const snapshot = encodeSnapshot({ proof: second as never, inflatedBytes: 1, deflated: Buffer.of(1) })
    expect([first.bytes, snapshot, state.bytes].map((bytes, key) => spotOf(key, peekItem(bytes, 'mesh')))).to.deep.equal([
      { key: 0, kind: 'envelope', seq: 1, id: hex(first), prev: undefined, segment: 0, entries: 3 },
      { key: 1, kind: 'snapshot', seq: 2, id: hex(second), prev: hex(first), segment: 1, entries: 5 },
      { key: 2, kind: 'envelope', seq: 1, id: hex(state), prev: undefined, segment: 0, entries: 0 }
    ])
  })
})
