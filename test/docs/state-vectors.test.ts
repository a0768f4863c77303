import { expect } from 'chai'
import { openEnvelope, type JournalEnvelope } from '@akshi/core'
import { actorOf } from '../../packages/core/src/journal/state/state-actor.ts'
import { fromHex, hex } from '../vectors/material.ts'
import { arrivalOf, temporaryStore, type Store } from '../vectors/stores.ts'
import { readVectors } from './vector-files.ts'

const { mesh, actors, envelopes, value, heads, refused } = readVectors('state')
const reasons: Readonly<Record<string, RegExp>> = {
  chunk: /its payload is not a change/,
  bounds: /its payload is not a change: .*more than/,
  header: /than its header names|not the one its header names/,
  actor: /not one of its origin/,
  place: /of its actor, where|start at|does not build on its predecessor|not the envelope before it/,
  operations: /object that is not there|operation that is not there|nested more than|key __proto__/,
  twin: /two lives of its origin write as one/
}

describe('the vectors of a state', () => {
  let store: Store
  beforeEach(async () => { store = await temporaryStore() })
  afterEach(async () => await store[Symbol.asyncDispose]())

  it('derive actors that only their origin may use', () => {
    expect(actors.map(({ origin, random }) => hex(actorOf(fromHex(random), origin)))).to.deep.equal(actors.map(({ actor }) => actor))
    expect(envelopes.map(({ bytes }) => hex((openEnvelope(fromHex(bytes), mesh) as JournalEnvelope).header.actor)))
      .to.deep.equal(envelopes.map((vector) => actors.find(({ origin }) => origin === vector.origin)?.actor))
  })

  for (const [title, order] of [['as they were made', [0, 1, 2, 3]], ['in any other order, in one batch', [3, 1, 2, 0]]] as const) {
    it(`add up to the value and heads of the file, ${title}`, async () => {
      const state = await store.openState()
      const verdicts = await state.accept(order.map((index) => arrivalOf(fromHex(envelopes[index]?.bytes ?? ''))))
      const found = { verdicts: verdicts.map(({ status }) => status), value: state.value, heads: state.heads.map(hex) }
      await state.close()
      expect(found).to.deep.equal({ verdicts: new Array(4).fill('stored'), value, heads })
    })
  }

  it('wait for what they build on', async () => {
    const state = await store.openState()
    const verdicts = []
    for (const { bytes } of envelopes.toReversed()) verdicts.push((await state.accept([arrivalOf(fromHex(bytes))]))[0]?.status)
    await state.close()
    expect(verdicts).to.deep.equal(['gap', 'gap', 'gap', 'stored'])
  })

  for (const { name, reason, bytes } of refused) {
    it(`refuse, for its ${reason}: ${name}`, async () => {
      openEnvelope(fromHex(bytes), mesh)                       // by itself it is good
      const state = await store.openState()
      await state.accept(envelopes.map((vector) => arrivalOf(fromHex(vector.bytes))))
      const [verdict] = await state.accept([arrivalOf(fromHex(bytes))])
      const left = { value: state.value, heads: state.heads.map(hex) }
      await state.close()
      expect([verdict?.status, left]).to.deep.equal(['refused', { value, heads }])
      expect(verdict?.reason).to.match(reasons[reason] as RegExp)
    })
  }
})
