import { expect } from 'chai'
import type { StateEnvelope } from '../../../../packages/core/src/envelope.ts'
import { hexOf } from '../../../../packages/core/src/journal/state/hex.ts'
import { actorFor, poison } from './crafted-change.ts'
import { at, changeOf, sealAs, StateNode } from './state-fixture.ts'

const headOf = ({ header: { heads: [head] } }: StateEnvelope) => hexOf(head ?? new Uint8Array(0))

describe('JournalState and trust', () => {
  let stranger: StateNode
  let other: StateNode
  let friend: StateNode
  let reader: StateNode
  beforeEach(async () => {
    [stranger, other, friend, reader] = await Promise.all([StateNode.open(), StateNode.open(), StateNode.open(), StateNode.open()]) as [StateNode, StateNode, StateNode, StateNode]
  })

  it('takes a parked change that an admitted origin built on, with all that this one builds on, and says so', async () => {
    const first = await stranger.set('a', 1)
    await other.take(first)
    const second = await other.set('b', 2)
    await stranger.take(second)
    const third = await stranger.set('c', 3)
    await friend.take(first, second, third)
    const last = await friend.set('d', 4)
    reader.park(first, second, third)
    expect(await reader.take(last)).to.deep.equal(['stored'])
    expect(reader.view).to.deep.equal(friend.view)
    expect(reader.unparked.toSorted()).to.deep.equal([first, second, third].map(headOf).sort())
    const vouched = [{ origin: stranger.identity.did, envelopes: 2 }, { origin: other.identity.did, envelopes: 1 }].sort((a, b) => a.origin < b.origin ? -1 : 1)
    expect(reader.state.vouched).to.deep.equal(vouched)
    await reader.restart()
    expect([reader.state.vouched, reader.state.value]).to.deep.equal([vouched, { a: 1, b: 2, c: 3, d: 4 }])
  })

  it('leaves parked what nobody admitted built on', async () => {
    const first = await stranger.set('a', 1)
    await friend.take(first)
    const last = await friend.set('b', 2)
    const second = await stranger.set('c', 3)
    reader.park(first, second)
    await reader.take(last)
    expect([reader.state.value, reader.unparked, reader.state.vouched]).to.deep.equal([{ a: 1, b: 2 }, [headOf(first)], [{ origin: stranger.identity.did, envelopes: 1 }]])
  })

  it('meets a gap when a part of what an admitted origin built on is not parked either, and takes nothing then', async () => {
    const first = await stranger.set('a', 1)
    const second = await stranger.set('b', 2)
    await friend.take(first, second)
    const last = await friend.set('c', 3)
    reader.park(second)
    expect([await reader.take(last), reader.unparked, reader.state.feeds]).to.deep.equal([['gap'], [], []])
    reader.park(first)
    expect(await reader.take(last)).to.deep.equal(['stored'])
  })

  it('takes no parked change that breaks the rules, whoever built on it', async () => {
    const bad = sealAs(stranger.identity, poison(actorFor(stranger.identity)), undefined)
    const last = await friend.set('a', 1)
    const built = sealAs(other.identity, poison(actorFor(other.identity), { startOp: 3, deps: [changeOf(bad).hash] }), undefined)
    reader.park(bad)
    expect(await reader.take(built, last)).to.deep.equal(['gap', 'stored'])
    expect([reader.state.value, reader.unparked, reader.state.vouched]).to.deep.equal([{ a: 1 }, [], []])
  })

  it('counts only what came in by others as vouched for', async () => {
    const first = await stranger.set('a', 1)
    await friend.take(first)
    const built = await friend.set('b', 2)
    reader.park(first)
    await reader.take(built)
    const second = await stranger.state.change((draft) => { draft['c'] = 3 }, at)
    await reader.take(second as StateEnvelope)
    expect(reader.state.vouched).to.deep.equal([{ origin: stranger.identity.did, envelopes: 1 }])
  })
})
