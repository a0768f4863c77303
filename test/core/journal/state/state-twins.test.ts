import { expect } from 'chai'
import type { StateEnvelope } from '../../../../packages/core/src/envelope.ts'
import { hexOf } from '../../../../packages/core/src/journal/state/hex.ts'
import { StateNode } from './state-fixture.ts'

describe('JournalState of a machine that was cloned while it ran', () => {
  let original: StateNode
  let clone: StateNode
  let base: StateEnvelope
  let left: StateEnvelope
  let right: StateEnvelope
  beforeEach(async () => {
    const actor = Uint8Array.from({ length: 16 }, (_, index) => index)
    original = await StateNode.open()
    original.newActor = () => actor
    clone = await StateNode.open(original.identity)
    clone.newActor = () => actor
    base = await original.set('a', 1)
    // As a copy of the memory would, the clone has made the same change as the same actor.
    await clone.set('a', 1)
    left = await original.set('left', 1)
    right = await clone.set('right', 2)
  })

  it('has one change of two by the same actor and number, keeps the other as proof, and reports it once in its life', async () => {
    const reader = await StateNode.open()
    expect(await reader.take(base, left)).to.deep.equal(['stored', 'stored'])
    const { view } = reader
    const [verdict] = await reader.state.accept([{ kind: 'envelope', envelope: right }])
    expect(verdict?.reason).to.match(/two lives of its origin write as one/)
    await reader.take(right)
    await reader.restart()
    expect(await reader.take(right)).to.deep.equal(['refused'])
    expect(reader.view).to.deep.equal(view)
    expect(reader.forks.map(({ seq, ids }) => [seq, ids])).to.deep.equal([[2, [hexOf(left.id), hexOf(right.id)]]])
  })

  it('refuses what follows the twin in its feed, and lets others build on what is here', async () => {
    const after = await clone.set('after', 3)
    const reader = await StateNode.open()
    await reader.take(base, left)
    expect(await reader.take(after, right)).to.deep.equal(['refused', 'refused'])
    const answer = await reader.set('b', 4)
    expect(await original.take(answer)).to.deep.equal(['stored'])
    expect(original.view).to.deep.equal(reader.view)
  })

  it('writes on as another actor as soon as it sees its twin, so that others take both', async () => {
    original.newActor = () => new Uint8Array(16).fill(9)
    expect(await original.take(right)).to.deep.equal(['refused'])
    const next = await original.set('next', 3)
    const reader = await StateNode.open()
    expect(await reader.take(base, left, next)).to.deep.equal(['stored', 'stored', 'stored'])
    expect(hexOf(next.header.actor)).to.not.equal(hexOf(left.header.actor))
    expect(reader.view).to.deep.equal(original.view)
  })

  it('writes on as another actor, on its own path, when its clone goes on from its tip', async () => {
    const ahead = await StateNode.open(original.identity)
    ahead.newActor = clone.newActor
    original.newActor = () => new Uint8Array(16).fill(9)
    await ahead.take(base, left)
    const further = await ahead.set('ahead', 1)
    expect([await original.take(further), further.header.actor]).to.deep.equal([['stored'], left.header.actor])
    const next = await original.set('next', 3)
    expect([next.header.prev, next.header.actor === left.header.actor]).to.deep.equal([left.id, false])
    expect([await ahead.take(next), ahead.view]).to.deep.equal([['stored'], original.view])
  })
})
