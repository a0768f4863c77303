import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { createIdentity } from '../../../packages/core/src/identity.ts'
import type { Feed } from '../../../packages/core/src/journal/feed.ts'
import type { JournalEnvelope } from '../../../packages/core/src/envelope.ts'
import { sameBytes } from '../../../packages/core/src/bytes.ts'
import { checkNext } from '../../../packages/core/src/journal/feed-rules.ts'
import { appendEach, at, bodiesOf, entryTexts, FeedShelter, reseal, viewOf } from './feed-fixture.ts'

const identity = createIdentity()
const junk = (length: number) => new Uint8Array(length).fill(0xee)
const verdicts = async (feed: Feed, ...envelopes: readonly (JournalEnvelope | undefined)[]) => (
  (await feed.accept(envelopes.filter((each) => each !== undefined))).map(({ status }) => status))

/** A feed with one of three envelopes, and a second feed of the same origin with a history of its own. */
async function makeHistory () {
  const shelter = await FeedShelter.make(identity)
  const own = await shelter.feed('own')
  const [first, second, third] = await appendEach(own, identity, 3) as [JournalEnvelope, JournalEnvelope, JournalEnvelope]
  const rival = await shelter.feed('rival')
  const forks = await appendEach(rival, identity, 3, 100) as [JournalEnvelope, JournalEnvelope, JournalEnvelope]
  const copy = await shelter.feed('copy')
  await copy.accept([first])
  return { shelter, first, second, third, forks, copy, [Symbol.asyncDispose]: () => shelter[Symbol.asyncDispose]() }
}

type Make = (history: Awaited<ReturnType<typeof makeHistory>>) => JournalEnvelope

const holdsUnreadable: Make = ({ second }) => unreadable(second)
const wrong: Record<string, Make> = {
  'is of the state, which is not kept yet': ({ second }) => reseal(identity, second, { part: 'state' }),
  'names another head': ({ second }) => reseal(identity, second, { heads: [junk(32)] }),
  'names no head': ({ second }) => reseal(identity, second, { heads: [] }),
  'names two heads': ({ second }) => reseal(identity, second, { heads: [...second.header.heads, ...second.header.heads] }),
  'names another actor': ({ second }) => reseal(identity, second, { actor: junk(16) }),
  'skips a segment': ({ second }) => reseal(identity, second, { segment: 2 }),
  'begins the next segment with a change that depends on this one': ({ second }) => reseal(identity, second, { segment: 1 }),
  'goes on in this segment with a change that depends on nothing': ({ second, forks }) => reseal(identity, forks[0], { seq: 2, prev: second.header.prev }),
  'goes on in this segment with a change of another document': ({ second, forks }) => reseal(identity, forks[1], { prev: second.header.prev }),
  'holds a second change': ({ second, third }) => reseal(identity, second, {}, Buffer.concat([second.payload, third.payload])),
  'holds no change': ({ second }) => reseal(identity, second, {}, new Uint8Array()),
  'holds something else': ({ second }) => reseal(identity, second, {}, Buffer.from('hello')),
  'holds a change that Automerge cannot read': holdsUnreadable
}

describe('Feed.accept', () => {
  it('calls an envelope that it has a duplicate, twice in a batch too', async () => {
    await using history = await makeHistory()
    const { copy, first, second } = history
    expect(await verdicts(copy, first, second, second, first)).to.deep.equal(['duplicate', 'stored', 'duplicate', 'duplicate'])
    expect(bodiesOf(copy)).to.deep.equal([0, 1])
  })

  it('calls an envelope whose predecessor is missing a gap, and takes it once that is there', async () => {
    await using history = await makeHistory()
    const { copy, second, third } = history
    expect(await verdicts(copy, third, second, third)).to.deep.equal(['gap', 'stored', 'stored'])
    expect(bodiesOf(copy)).to.deep.equal([0, 1, 2])
  })

  it('calls an envelope in a place that is taken a fork, and one that continues another', async () => {
    await using history = await makeHistory()
    const { copy, second, forks } = history
    const before = viewOf(copy)
    expect(await verdicts(copy, forks[0], forks[1], forks[2])).to.deep.equal(['fork', 'fork', 'gap'])
    expect(viewOf(copy)).to.deep.equal(before)
    expect(await verdicts(copy, second, forks[1])).to.deep.equal(['stored', 'fork'])
    expect(bodiesOf(copy)).to.deep.equal([0, 1])
  })

  for (const [what, make] of Object.entries(wrong)) {
    it(`refuses a signed envelope that ${what}, and is as before`, async () => {
      await using history = await makeHistory()
      const { copy, second } = history
      const before = viewOf(copy)
      expect(await verdicts(copy, make(history))).to.deep.equal(['refused'])
      expect(viewOf(copy)).to.deep.equal(before)
      expect(await verdicts(copy, second)).to.deep.equal(['stored'])
    })
  }

  it('refuses a feed that begins with another segment than 0', async () => {
    await using history = await makeHistory()
    const empty = await history.shelter.feed('empty')
    expect(await verdicts(empty, reseal(identity, history.first, { segment: 1 }), history.first)).to.deep.equal(['refused', 'stored'])
  })

  it('takes the next segment when its change stands alone', async () => {
    await using history = await makeHistory()
    const { copy, second, third, forks } = history
    const next = reseal(identity, forks[0], { seq: 2, prev: second.header.prev, segment: 1 })
    expect(await verdicts(copy, next, reseal(identity, third, { prev: next.id }))).to.deep.equal(['stored', 'refused'])
    expect(bodiesOf(copy)).to.deep.equal([0, 100])
  })

  it('takes a feed that several actors wrote, as after restarts', async () => {
    await using history = await makeHistory()
    const own = await history.shelter.feed('own')
    const more = [await own.append(entryTexts(1, 3), identity, at)]
    const copy = history.copy
    expect(await verdicts(copy, history.second, history.third, ...more)).to.deep.equal(['stored', 'stored', 'stored'])
    expect(bodiesOf(copy)).to.deep.equal([0, 1, 2, 3])
  })

  it('keeps what is good in a batch before a change that Automerge cannot read, and nothing after it', async () => {
    await using history = await makeHistory()
    const empty = await history.shelter.feed('empty')
    const bad = unreadable(history.second)
    expect(await verdicts(empty, history.first, bad, history.second, history.third)).to.deep.equal(['stored', 'refused', 'fork', 'fork'])
    expect(bodiesOf(empty)).to.deep.equal([0])
    expect(bodiesOf(await history.shelter.reopen(empty, 'empty'))).to.deep.equal([0])
  })
})

describe('checkNext', () => {
  for (const [what, make] of Object.entries(wrong).filter(([, make]) => make !== holdsUnreadable)) {
    it(`sees by itself that an envelope ${what}`, async () => {
      await using history = await makeHistory()
      const { id, header: { heads: [head] } } = history.first
      expect(checkNext(make(history), { seq: 1, id, segment: 0, head }).status).to.equal('refused')
    })
  }

  it('says what is missing', async () => {
    await using history = await makeHistory()
    const { second, third } = history
    const nowhere = { seq: 0, id: undefined, segment: undefined, head: undefined }
    expect(checkNext(third, { seq: 1, id: junk(32), segment: 0, head: undefined })).to.deep.equal({ status: 'gap', reason: 'envelope 2 is missing' })
    expect(checkNext(second, { seq: 1, id: junk(32), segment: 0, head: undefined }).status).to.equal('fork')
    expect(checkNext(second, nowhere)).to.deep.equal({ status: 'gap', reason: 'envelope 1 is missing' })
  })
})

describe('sameBytes', () => {
  it('compares content, whatever holds it, and takes two that are missing for equal', () => {
    const bytes = Uint8Array.of(0, 1, 2, 3)
    expect([
      sameBytes(bytes.subarray(1, 3), Uint8Array.of(1, 2)), sameBytes(bytes, Uint8Array.of(0, 1, 2)), sameBytes(undefined, bytes), sameBytes(bytes, undefined), sameBytes(undefined, undefined)
    ]).to.deep.equal([true, false, false, false, true])
  })
})

/** The envelope with a change whose header and checksum are right and whose columns are not. */
function unreadable (envelope: JournalEnvelope): JournalEnvelope {
  const change = Buffer.from(envelope.payload)
  change.fill(0xff, change.length - 12)
  const hash = createHash('sha256').update(change.subarray(8)).digest()
  hash.copy(change, 4, 0, 4)
  return reseal(identity, envelope, { heads: [new Uint8Array(hash)] }, change)
}
