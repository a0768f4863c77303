import { expect } from 'chai'
import { openEnvelope, type LogEnvelope } from '@akshi/core'
import { readEntry } from '../../packages/core/src/journal/entry.ts'
import { SegmentRules } from '../../packages/core/src/automerge/segment-rules.ts'
import { fromHex, hex } from '../vectors/material.ts'
import { arrivalOf, temporaryStore, type Store } from '../vectors/stores.ts'
import { readVectors } from './vector-files.ts'

const { mesh, origin, envelopes, arrivals, refused } = readVectors('feed')
type FeedVector = typeof envelopes[number]
const bytesOf = (name: string) => fromHex(envelopes.find((each) => each.name === name)?.bytes ?? '')
const before = (vector: FeedVector) => envelopes.find(({ name }) => name === vector.after)

/** An envelope, and those before it in its segment. */
function pathOf (vector: FeedVector): FeedVector[] {
  const previous = before(vector)
  return [...previous !== undefined && previous.segment === vector.segment ? pathOf(previous) : [], vector]
}

describe('the vectors of a feed', () => {
  let store: Store
  beforeEach(async () => { store = await temporaryStore() })
  afterEach(async () => await store[Symbol.asyncDispose]())

  for (const vector of envelopes) {
    it(`place an envelope: ${vector.name}`, () => {
      const { header, id, origin: signer } = openEnvelope(fromHex(vector.bytes), mesh) as LogEnvelope
      const { seq, prev, segment, entries, heads } = header
      expect({ seq, prev: prev === undefined ? undefined : hex(prev), segment, entries, heads: heads.map(hex), id: hex(id), signer }).to.deep.equal({
        seq: vector.seq, prev: before(vector)?.id, segment: vector.segment, entries: vector.entries, heads: [vector.head], id: vector.id, signer: origin
      })
    })

    it(`chain its change to those before it in its segment: ${vector.name}`, () => {
      const path = pathOf(vector)
      const rules = new SegmentRules()
      const texts = path.map(({ bytes }) => {
        const change = rules.check(openEnvelope(fromHex(bytes), mesh).payload)
        rules.advance(change)
        return change.texts
      })
      expect([texts, hex(rules.head ?? new Uint8Array(0))]).to.deep.equal([path.map((each) => each.texts), vector.head])
      expect(texts.flat().filter((text) => readEntry(text, origin) === undefined)).to.deep.equal([])
    })
  }

  for (const { given, tips, forks } of arrivals) {
    it(`judge as they come in: ${given.map(({ envelope }) => envelope).join(' · ')}`, async () => {
      const feed = await store.openLog()
      const verdicts = []
      for (const { envelope } of given) verdicts.push((await feed.accept([arrivalOf(bytesOf(envelope))]))[0]?.status)
      const ends = feed.state.tips.map(({ id }) => envelopes.find((each) => each.id === hex(id))?.name).sort()
      await feed.close()
      const idOf = (name: string) => envelopes.find((each) => each.name === name)?.id
      expect({ verdicts, ends, forks: store.forks.map(({ seq, ids }) => ({ seq, ids })) }).to.deep.equal({
        verdicts: given.map(({ verdict }) => verdict), ends: tips, forks: forks.map(({ seq, envelopes: both }) => ({ seq, ids: both.map(idOf) }))
      })
    })
  }

  for (const { name, status, bytes } of refused) {
    it(`${status === 'gap' ? 'do not take' : 'refuse'}: ${name}`, async () => {
      openEnvelope(fromHex(bytes), mesh)                       // by itself it is good
      const feed = await store.openLog()
      await feed.accept(envelopes.map((vector) => arrivalOf(fromHex(vector.bytes))))
      const { state } = feed
      const [verdict] = await feed.accept([arrivalOf(fromHex(bytes))])
      const after = feed.state
      await feed.close()
      expect([verdict?.status, after]).to.deep.equal([status, state])
    })
  }
})
