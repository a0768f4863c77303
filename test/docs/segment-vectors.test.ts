import { expect } from 'chai'
import { encodeSnapshot, inflateDocument, isMeshError, openEnvelope, parseSnapshot, peekItem, type LogEnvelope } from '@akshi/core'
import { SegmentRules } from '../../packages/core/src/automerge/segment-rules.ts'
import { engine } from '../core/automerge/engine.ts'
import { fromHex, hex } from '../vectors/material.ts'
import { arrivalOf, temporaryStore, type Store } from '../vectors/stores.ts'
import { readVectors } from './vector-files.ts'

const { mesh, segments, refusedChanges, refusedSnapshots } = readVectors('segment')
const { envelopes } = readVectors('feed')
const [second, third, fourth, large] = segments as unknown as readonly [Segment, Segment, Segment, Segment]
type Segment = typeof segments[number]

/** What a reason may read like. */
const changeReasons: Readonly<Record<string, RegExp>> = {
  chunk: /not an (uncompressed )?Automerge|cut short or followed|checksum|more bytes than it needs/,
  form: /else than append|compressed|message or extra/,
  bounds: /more than/,
  place: /does not follow|number \d+ of its actor|start at|name of another|16 bytes|other actors/,
  append: /append|overwrites|newest list|other actors|other keys/,
  entry: /has an entry|its entry/
}

describe('the vectors of segments', () => {
  let store: Store
  beforeEach(async () => { store = await temporaryStore() })
  afterEach(async () => await store[Symbol.asyncDispose]())

  for (const { upTo, segment, head, document, proof, snapshot } of segments) {
    it(`prove a document by its head: up to "${upTo}"`, () => {
      const { rules, root, head: found, texts } = SegmentRules.ofDocument(fromHex(document))
      const { header } = openEnvelope(fromHex(proof), mesh) as LogEnvelope
      expect([root.segment, hex(found), header.heads.map(hex), header.segment]).to.deep.equal([segment, head, [head], segment])
      expect([rules.entries, engine.getBackend(engine.load(fromHex(document))).getHeads()]).to.deep.equal([texts.length, [head]])
    })

    it(`take a snapshot apart and put it together: up to "${upTo}"`, async () => {
      const parsed = parseSnapshot(fromHex(snapshot), mesh)
      expect([parsed.verified(), hex(parsed.proof.bytes), parsed.inflatedBytes, hex(await inflateDocument(parsed))]).to.deep.equal([true, proof, document.length / 2, document])
      expect(hex(encodeSnapshot(parsed))).to.equal(snapshot)
    })
  }

  it('have the texts of the feed, and of a large segment those that count up', () => {
    const texts = segments.map(({ document }) => SegmentRules.ofDocument(fromHex(document)).texts)
    const textsOf = (...names: string[]) => envelopes.filter(({ name }) => names.includes(name)).flatMap((each) => each.texts)
    expect(texts.slice(0, 3)).to.deep.equal([textsOf('first', 'second'), textsOf('third'), textsOf('third', 'fourth')])
    expect(texts[3]?.map((text) => (JSON.parse(text) as { body: unknown }).body)).to.deep.equal(Array.from({ length: 300 }, (_, n) => n))
  })

  it('stand for the envelopes that they cover, in any order, also without those before them', async () => {
    const feed = await store.openLog()
    const statuses = async (...items: readonly string[]) => (await feed.accept(items.map((item) => arrivalOf(fromHex(item))))).map(({ status }) => status)
    const tips = () => feed.state.tips.map(({ id }) => envelopes.find((each) => each.id === hex(id))?.name)
    const seen = [[await statuses(third.snapshot), tips()], [await statuses(second.snapshot), tips()], [await statuses(fourth.snapshot), tips()], [await statuses(second.proof, third.proof, fourth.proof), tips()]]
    await feed.close()
    expect(seen).to.deep.equal([[['stored'], []], [['stored'], ['third']], [['stored'], ['fourth']], [['duplicate', 'duplicate', 'duplicate'], ['fourth']]])
  })

  it('hold a segment that is another one than the log has: both are kept', async () => {
    const feed = await store.openLog()
    const verdicts = await feed.accept([second, large].map(({ snapshot }) => arrivalOf(fromHex(snapshot))))
    const { tips } = feed.state
    await feed.close()
    expect([verdicts.map(({ status }) => status), tips.length, store.forks.length]).to.deep.equal([['stored', 'stored'], 2, 1])
  })
})

describe('the vectors of changes that a log refuses', () => {
  for (const { name, reason, bytes } of refusedChanges.changes) {
    it(`refuse, for its ${reason}: ${name}`, () => {
      const rules = new SegmentRules()
      for (const change of refusedChanges.after) rules.advance(rules.check(fromHex(change)))
      expect(() => rules.check(fromHex(bytes))).to.throw(RangeError, changeReasons[reason] as RegExp)
    })
  }
})

describe('the vectors of snapshots that a log refuses', () => {
  for (const { name, reason, bytes } of refusedSnapshots) {
    it(`refuse, for its ${reason}: ${name}`, async () => {
      const verdict = await judge(fromHex(bytes))
      expect(verdict).to.equal(reason === 'shape' || reason === 'proof' ? reason : 'refused')
    })
  }
})

/** As an inbox does it: shape and signature first, then the feed that it says it is of. */
async function judge (item: Uint8Array): Promise<string | undefined> {
  try {
    peekItem(item, mesh)
    if (!parseSnapshot(item, mesh).verified()) return 'proof'
  } catch (error) {
    if (!isMeshError(error, 'MESH_ENVELOPE_INVALID')) throw error
    return error.message.includes('proof') ? 'proof' : 'shape'
  }
  await using store = await temporaryStore()
  const feed = await store.openLog(parseSnapshot(item, mesh).proof.header.journal)
  const [verdict] = await feed.accept([arrivalOf(item)])
  const { tips } = feed.state
  await feed.close()
  expect([tips, Object.keys(await store.read('log'))]).to.deep.equal([[], ['segments.index']])
  return verdict?.status
}
