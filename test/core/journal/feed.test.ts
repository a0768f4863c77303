import { readFile, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { openEnvelope } from '../../../packages/core/src/envelope.ts'
import { createIdentity } from '../../../packages/core/src/identity.ts'
import { FeedFile } from '../../../packages/core/src/journal/feed-file.ts'
import { maxSegmentEntries } from '../../../packages/core/src/journal/segment.ts'
import { failNextSync } from '../../support/failing-disk.ts'
import { codeOf } from '../../support/failures.ts'
import { appendEach, at, bodiesOf, entryTexts, FeedShelter, meshId, viewOf } from './feed-fixture.ts'

const identity = createIdentity()
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const statuses = (verdicts: readonly { status: string }[]) => verdicts.map(({ status }) => status)

describe('Feed', () => {
  it('is empty at first', async () => {
    await using shelter = await FeedShelter.make(identity)
    const feed = await shelter.feed('own')
    expect([feed.tip, feed.state.tips, feed.state.heads, feed.count, feed.idOf(0), feed.idOf(1)]).to.deep.equal([undefined, [], [], 0, undefined, undefined])
  })

  it('chains its own envelopes, signed, each with one change and the head after it', async () => {
    await using shelter = await FeedShelter.make(identity)
    const feed = await shelter.feed('own')
    const made = await appendEach(feed, identity, 3)
    expect(made.map(({ header: { seq, prev, segment, at } }) => [seq, prev, segment, at])).to.deep.equal([[1, undefined, 0, at], [2, made[0]?.id, 0, at], [3, made[1]?.id, 0, at]])
    expect(feed.state).to.deep.equal({ feed: feed.id, tips: [{ seq: 3, id: made[2]?.id }], heads: made[2]?.header.heads })
    expect(made.map(({ bytes }) => openEnvelope(bytes, meshId).id)).to.deep.equal([1, 2, 3].map((seq) => feed.idOf(seq)))
  })

  it('is the same wherever its envelopes are accepted, one by one or together, and the same after it was reopened', async () => {
    await using shelter = await FeedShelter.make(identity)
    const own = await shelter.feed('own')
    for (const [index, size] of [1, 255, 1, 300, 2].entries()) await own.append(entryTexts(size, [0, 1, 256, 257, 557][index]), identity, at)
    const [single, batch] = [await shelter.feed('single'), await shelter.feed('batch')]
    const envelopes = [...own.serve(0)].map(({ bytes }) => openEnvelope(bytes, meshId)) as Parameters<typeof single.accept>[0]
    for (const envelope of envelopes) expect(statuses(await single.accept([envelope]))).to.deep.equal(['stored'])
    expect(statuses(await batch.accept(envelopes))).to.deep.equal(envelopes.map(() => 'stored'))
    expect(bodiesOf(own)).to.deep.equal(numbers(559))
    const view = viewOf(own)
    expect([viewOf(single), viewOf(batch)]).to.deep.equal([view, view])
    expect([viewOf(await shelter.reopen(own, 'own')), viewOf(await shelter.reopen(batch, 'batch'))]).to.deep.equal([view, view])
  })

  it('begins a new segment when the open one is full, and after that goes on in it', async () => {
    await using shelter = await FeedShelter.make(identity)
    const own = await shelter.feed('own')
    await own.append(entryTexts(maxSegmentEntries - 1), identity, at)
    const closing = await own.append(entryTexts(1, maxSegmentEntries - 1), identity, at)
    const room = own.room
    const first = await own.append(entryTexts(2, maxSegmentEntries), identity, at)
    const next = await own.append(entryTexts(1, maxSegmentEntries + 2), identity, at)
    expect([closing, first, next].map(({ header }) => header.segment)).to.deep.equal([0, 1, 1])
    expect([room, own.room, Buffer.from(first.header.actor).equals(closing.header.actor)]).to.deep.equal([0, maxSegmentEntries - 3, false])
    const copy = await shelter.feed('copy')
    await copy.accept([...own.serve(0)].map(({ bytes }) => openEnvelope(bytes, meshId)) as Parameters<typeof copy.accept>[0])
    expect([bodiesOf(own), bodiesOf(copy)]).to.deep.equal([numbers(maxSegmentEntries + 3), numbers(maxSegmentEntries + 3)])
    expect(viewOf(await shelter.reopen(copy, 'copy'))).to.deep.equal(viewOf(own))
  })

  it('does not split an append: what does not fit into the open segment begins the next', async () => {
    await using shelter = await FeedShelter.make(identity)
    const own = await shelter.feed('own')
    await own.append(entryTexts(maxSegmentEntries - 1), identity, at)
    const { header: { segment } } = await own.append(entryTexts(2, maxSegmentEntries - 1), identity, at)
    expect([segment, own.room, bodiesOf(own)]).to.deep.equal([1, maxSegmentEntries - 2, numbers(maxSegmentEntries + 1)])
  })

  it('writes on as another actor after it was reopened, in the same chain', async () => {
    await using shelter = await FeedShelter.make(identity)
    const [before] = await appendEach(await shelter.feed('own'), identity, 1)
    const reopened = await shelter.feed('own')
    const [after] = await appendEach(reopened, identity, 1, 1)
    expect([after?.header.seq, after?.header.prev, after?.header.segment, bodiesOf(reopened)]).to.deep.equal([2, before?.id, 0, [0, 1]])
    expect(after?.header.actor).to.not.deep.equal(before?.header.actor)
  })

  it('serves any range, and reads any range in both directions', async () => {
    await using shelter = await FeedShelter.make(identity)
    const feed = await shelter.feed('own')
    await appendEach(feed, identity, 3)
    await feed.append(entryTexts(600, 3), identity, at)
    expect([[...feed.serve(2)], [...feed.serve(0, 2)], [...feed.serve(1, 2)], [...feed.serve(9)]].map((served) => served.map(({ seq }) => seq))).to.deep.equal([[3, 4], [1, 2], [2], []])
    const places = (...range: [number, number?, boolean?]) => [...feed.entries(...range)].map(({ place, entry }) => place === entry.body ? place : -1)
    expect(places(0)).to.deep.equal(numbers(603))
    expect(places(0, undefined, true)).to.deep.equal(numbers(603).reverse())
    expect([places(-5, 2), places(255, 258), places(601, 9_999), places(255, 258, true), places(5, 5), places(9, 3)]).to.deep.equal([[0, 1], [255, 256, 257], [601, 602], [257, 256, 255], [], []])
  })

  it('leaves out entries that are none, and keeps the places of the others', async () => {
    await using shelter = await FeedShelter.make(identity)
    const feed = await shelter.feed('own')
    const [first = '', second = ''] = entryTexts(2)
    await feed.append([first, 'not an entry', second], identity, at)
    expect([...feed.entries(0)].map(({ place, entry }) => [place, entry.body])).to.deep.equal([[0, 0], [2, 1]])
  })

  it('keeps nothing of an append that the disk refused, and can be appended to again', async () => {
    await using shelter = await FeedShelter.make(identity)
    const feed = await shelter.feed('own')
    await appendEach(feed, identity, 2)
    const before = viewOf(feed)
    await failNextSync()
    expect([await codeOf(() => appendEach(feed, identity, 1, 9)), viewOf(feed)]).to.deep.equal(['MESH_DISK_FAILED', before])
    await appendEach(feed, identity, 1, 2)
    expect(bodiesOf(feed)).to.deep.equal([0, 1, 2])
    expect(viewOf(await shelter.reopen(feed, 'own'))).to.deep.include({ bodies: [0, 1, 2] })
  })

  it('calls failed what the disk refused, keeps nothing of the batch, and takes it when it comes again', async () => {
    await using shelter = await FeedShelter.make(identity)
    const envelopes = await appendEach(await shelter.feed('own'), identity, 4)
    const copy = await shelter.feed('copy')
    await copy.accept(envelopes.slice(0, 1))
    const before = viewOf(copy)
    await failNextSync()
    expect([statuses(await copy.accept(envelopes)), viewOf(copy)]).to.deep.equal([['duplicate', 'failed', 'failed', 'failed'], before])
    expect(statuses(await copy.accept(envelopes))).to.deep.equal(['duplicate', 'stored', 'stored', 'stored'])
    expect(bodiesOf(copy)).to.deep.equal([0, 1, 2, 3])
  })

  it('refuses an append that makes too large an envelope, and keeps nothing of it', async () => {
    await using shelter = await FeedShelter.make(identity)
    const feed = await shelter.feed('own')
    await appendEach(feed, identity, 1)
    const before = viewOf(feed)
    const huge = Array.from({ length: 5 }, (_, index) => `"${'x'.repeat(300_000)}${index}"`)
    expect([await codeOf(() => feed.append(huge, identity, at)), viewOf(feed)]).to.deep.equal(['MESH_ENVELOPE_INVALID', before])
  })

  it('says what was wrong with its file, and takes the lost part again', async () => {
    await using shelter = await FeedShelter.make(identity)
    const own = await shelter.feed('own')
    const envelopes = await appendEach(own, identity, 3)
    const bytes = await readFile(shelter.path('own'))
    bytes[bytes.length - 500] = (bytes[bytes.length - 500] ?? 0) ^ 1
    const copy = await shelter.feed('copy')
    await writeFile(shelter.path('copy'), bytes)
    const opened = await shelter.reopen(copy, 'copy')
    expect([opened.damage, (opened.tip?.seq ?? 0) < 3]).to.deep.equal(['damaged record', true])
    await opened.accept(envelopes)
    expect(viewOf(opened)).to.deep.equal(viewOf(own))
  })

  it('queues calls that come at once', async () => {
    await using shelter = await FeedShelter.make(identity)
    const feed = await shelter.feed('own')
    const made = await Promise.all(entryTexts(20).map((text) => feed.append([text], identity, at)))
    expect([made.map(({ header }) => header.seq), bodiesOf(feed)]).to.deep.equal([numbers(20).map((number) => number + 1), numbers(20)])
  })

  it('does not open on a record that is whole but no envelope', async () => {
    await using shelter = await FeedShelter.make(identity)
    await appendEach(await shelter.feed('own'), identity, 1)
    const { file } = await FeedFile.open(shelter.path('own'))
    file.append([Buffer.from('whole, but no envelope')])
    await file.close()
    expect(await codeOf(() => shelter.feed('own'))).to.equal('MESH_DISK_FAILED')
  })
})
