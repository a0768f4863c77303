import { expect } from 'chai'
import { encodeCbor } from '../../../../packages/core/src/cbor.ts'
import type { LogEnvelope } from '../../../../packages/core/src/envelope.ts'
import { arrivalOf, Home, itemsFor, keepSnapshot, layoutOf, newTexts, numbersOf, origin, at, read, reopened, settled, viewOf } from './support.ts'

const headersOf = (items: Uint8Array[]) => items.map((bytes) => (arrivalOf(bytes) as { envelope: LogEnvelope }).envelope.header)

describe('LogFeed: append', () => {
  it('makes one envelope of one change of what is appended together', async () => {
    await using home = await Home.open()
    const texts = [...await home.append(3), ...await home.append(1)]
    const headers = headersOf(await itemsFor(home, { have: [] }))
    expect(headers.map(({ seq, segment, entries, heads }) => [seq, segment, entries, heads.length])).to.deep.equal([[1, 0, 3, 1], [2, 0, 4, 1]])
    expect([home.feed.count, await read(home)]).to.deep.equal([4, numbersOf(texts)])
  })

  it('chains envelopes by id, and names the head after each', async () => {
    await using home = await Home.open()
    for (let i = 0; i < 3; i++) await home.append()
    const items = await itemsFor(home, { have: [] })
    const ids = items.map((bytes) => (arrivalOf(bytes) as { envelope: LogEnvelope }).envelope.id)
    expect(headersOf(items).map(({ prev }) => prev)).to.deep.equal([undefined, ids[0], ids[1]])
    expect([home.feed.state.tips, home.feed.state.heads]).to.deep.equal([[{ seq: 3, id: ids[2] }], headersOf(items)[2]?.heads])
  })

  it('begins a new segment with the entry after the 4,096th', async () => {
    await using home = await Home.open()
    await home.fill()
    expect(layoutOf(home).map((row) => (row as unknown[]).slice(0, 2))).to.deep.equal([[0, 4096]])
    await home.append()
    expect(layoutOf(home).map((row) => (row as unknown[]).slice(0, 2))).to.deep.equal([[0, 4096], [1, 1]])
  })

  it('begins a new segment when what is appended together does not fit into the open one', async () => {
    await using home = await Home.open()
    for (let i = 0; i < 3; i++) await home.append(1024)
    await home.append(1000)
    await home.append(25)
    expect(layoutOf(home).map((row) => (row as unknown[]).slice(0, 2))).to.deep.equal([[0, 4072], [1, 25]])
  })

  it('begins a new segment before the texts of one exceed 4 MiB', async () => {
    await using home = await Home.open()
    for (let i = 0; i < 6; i++) await home.append(3, 'x'.repeat(250_000))
    expect(layoutOf(home).map((row) => (row as unknown[]).slice(0, 2))).to.deep.equal([[0, 15], [1, 3]])
  })

  it('seals what is closed, and keeps the envelopes of the open segment and the last closed one', async () => {
    await using home = await Home.open()
    for (let i = 0; i < 3; i++) await home.fill()
    await home.append(2)
    await settled(home)
    expect(layoutOf(home)).to.deep.equal([[0, 4096, 4096, 4, 5], [1, 4096, 4096, 8, 9], [2, 4096, 4096, 12, 9], [3, 2, 2, undefined, 13]])
    expect(home.disk.paths().map((path) => path.replace(/-[0-9a-f]{16}/, ''))).to.deep.equal([
      '/home/applying', '/home/feed/000000-4.snap', '/home/feed/000001-8.snap', '/home/feed/000002-12.snap', '/home/feed/000002.log', '/home/feed/000003.log', '/home/feed/segments.index'
    ])
  })

  it('is the same feed after it was reopened, and goes on', async () => {
    const before = await Home.open()
    await before.fill()
    await before.fill()
    await before.append(2)
    await settled(before)
    const [view, layout] = [await viewOf(before), layoutOf(before)]
    for (const end of ['close', 'kill', 'power'] as const) {
      await using after = await reopened(before, end)
      expect([await viewOf(after), layoutOf(after), after.damages], end).to.deep.equal([view, layout, []])
      await after.append()
      expect([after.feed.count, after.feed.state.tips.map(({ seq }) => seq)], end).to.deep.equal([8195, [10]])
    }
  })

  it('writes nothing that is more than an envelope holds, and goes on', async () => {
    await using home = await Home.open()
    await home.append()
    await home.feed.append(newTexts(1200), origin, at).then(() => { throw new Error('taken') }, () => {})
    await home.feed.append(newTexts(2, 'x'.repeat(600_000)), origin, at).then(() => { throw new Error('taken') }, () => {})
    const texts = await home.append()
    expect([home.feed.count, (await read(home)).slice(1), home.feed.state.tips.map(({ seq }) => seq)]).to.deep.equal([2, numbersOf(texts), [2]])
  })

  it('has one tip, and a state under 1 KB, after 1,000 lives that were killed', async function () {
    this.timeout(120_000)
    let home = await Home.open()
    for (let life = 0; life < 1000; life++) {
      await home.append()
      if (life % 10 === 9) for (const leaf of home.feed.tree.leaves) await keepSnapshot(home, leaf)
      home = await reopened(home, 'kill')
    }
    const { feed: { state, points, count } } = home
    expect([state.tips.length, count, encodeCbor([state.tips, state.heads]).length < 1024, encodeCbor(points).length < 1024]).to.deep.equal([1, 1000, true, true])
    expect(home.damages).to.deep.equal([])
    await home.feed.close()
  })
})
