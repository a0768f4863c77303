import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import type { LogEnvelope } from '../../../../packages/core/src/envelope.ts'
import { packSnapshot } from '../../../../packages/core/src/journal/log/sealer.ts'
import { readEntries } from '../../../../packages/core/src/journal/reading.ts'
import { encodeSnapshot } from '../../../../packages/core/src/snapshot.ts'
import { isMeshError } from '@akshi/core'
import { failureOf } from '../../../support/failures.ts'
import { altered, documentOf, pointAfter, writeLog, writeSegment } from './forge.ts'
import { arrivalOf, carry, Home, itemsFor, newTexts, numbersOf, ordersOf, read, reopened, settled, viewOf } from './support.ts'

async function verdictOf (home: Home, item: Uint8Array): Promise<unknown[]> {
  const [verdict] = await home.feed.accept([arrivalOf(item)])
  return [verdict?.status, verdict?.reason]
}

/** A snapshot with a proof that its origin signed for another document. */
async function forged (edit: (texts: string[][]) => string[][], isHeadForged: boolean): Promise<Uint8Array> {
  const texts = [newTexts(3), newTexts(2)]
  const { envelopes } = writeSegment({ texts })
  const other = writeSegment({ texts: edit(texts) })
  const [proof, head] = [envelopes.at(-1) as LogEnvelope, other.envelopes.at(-1)?.header.heads[0] as Uint8Array]
  return await packSnapshot(proof, isHeadForged ? altered(other.document, head, proof.header.heads[0] as Uint8Array) : other.document)
}

const forgeries: Record<string, (texts: string[][]) => string[][]> = {
  'an altered entry': ([first = [], second = []]) => [first.with(1, first[1]?.replace('"body":', '"body":1') ?? ''), second],
  'a missing entry': ([first = [], second = []]) => [first.toSpliced(1, 1), second],
  'an invented entry': ([first = [], second = []]) => [first, [...second, ...newTexts(1)]],
  'a missing change': ([, second = []]) => [second],
  'an invented change': (texts) => [...texts, newTexts(1)],
  'entries in other changes': ([first = [], second = []]) => [first.slice(0, 2), [...first.slice(2), ...second]]
}

describe('LogFeed: snapshots', () => {
  for (const [what, edit] of Object.entries(forgeries)) {
    for (const isHeadForged of [true, false]) {
      it(`refuses one with ${what}${isHeadForged ? ', though it says that it ends with the right head' : ''}`, async () => {
        await using home = await Home.open()
        const [status, reason] = await verdictOf(home, await forged(edit, isHeadForged))
        expect([status, typeof reason, home.feed.count, home.disk.paths().filter((path) => path.endsWith('.snap'))]).to.deep.equal(['refused', 'string', 0, []])
      })
    }
  }

  it('refuses one with entries in another order', async () => {
    await using home = await Home.open()
    const texts = newTexts(2)
    const { envelopes: [proof], document } = writeSegment({ texts: [texts] })
    const [first = '', second = ''] = texts
    const swapped = altered(document, first + second, second + first)
    expect((await verdictOf(home, await packSnapshot(proof as LogEnvelope, swapped)))[0]).to.equal('refused')
  })

  it('refuses one whose document is of another segment, journal or place', async () => {
    await using home = await Home.open()
    const { envelopes: [first = [], second = []], snapshots } = await writeLog()
    const [one, two] = [await documentOf(snapshots[0] as Uint8Array), await documentOf(snapshots[1] as Uint8Array)]
    const ends = [first.at(-1), second.at(-1)] as [LogEnvelope, LogEnvelope]
    const statuses = []
    for (const [proof, document] of [[ends[0], two], [ends[1], one], [first[0], one]] as const) statuses.push((await verdictOf(home, await packSnapshot(proof as LogEnvelope, document)))[0])
    const plans = {
      'of another journal': { journal: 'other', header: (header: LogEnvelope['header']) => ({ ...header, journal: 'notes' }) },
      'of another segment': { header: (header: LogEnvelope['header']) => ({ ...header, segment: 1, seq: header.seq + 5, entries: header.entries + 5 }) },
      'too far on': { header: (header: LogEnvelope['header']) => ({ ...header, seq: header.seq + 1 }) },
      'with more entries before it': { header: (header: LogEnvelope['header']) => ({ ...header, entries: header.entries + 1 }) },
      'with fewer entries than it has': { header: (header: LogEnvelope['header']) => ({ ...header, entries: 1 }) }
    }
    for (const plan of Object.values(plans)) {
      const { envelopes, document } = writeSegment({ texts: [newTexts(3), newTexts(2)], ...plan })
      statuses.push((await verdictOf(home, await packSnapshot(envelopes.at(-1) as LogEnvelope, document)))[0])
    }
    expect([statuses, home.feed.count]).to.deep.equal([new Array(8).fill('refused'), 0])
  })

  it('refuses one that does not count the entries before it right, or never lets it onto the path', async () => {
    const { envelopes: [first = []], snapshots } = await writeLog(1)
    const after = { ...pointAfter(first.at(-1) as LogEnvelope), entries: 7 }
    const { envelopes, document } = writeSegment({ texts: [newTexts(1)], number: 1, after })
    const wrong = await packSnapshot(envelopes[0] as LogEnvelope, document)
    for (const order of ordersOf([snapshots[0] as Uint8Array, wrong])) {
      await using home = await Home.open()
      const verdicts = []
      for (const item of order) verdicts.push((await verdictOf(home, item))[0])
      expect(verdicts).to.deep.equal(order[0] === wrong ? ['stored', 'stored'] : ['stored', 'refused'])
      expect([home.feed.state.tips.map(({ seq }) => seq), (await read(home)).length]).to.deep.equal([[2], 5])
    }
  })

  it('refuses one that unfolds to more or less than it says, or to more than a segment may have', async () => {
    await using home = await Home.open()
    const { envelopes: [[proof] = []] } = await writeLog(1)
    for (const [bytes, inflatedBytes] of [[64 << 20, 1 << 20], [10, 11], [5 << 20 | 1, 5 << 20 | 1], [4 << 20, 4 << 20]] as const) {
      const item = encodeSnapshot({ proof: proof as LogEnvelope, inflatedBytes, deflated: deflateRawSync(Buffer.alloc(bytes)) })
      const verdict = await failureOf(() => arrivalOf(item)) ?? (await verdictOf(home, item))[0]
      expect(isMeshError(verdict, 'MESH_ENVELOPE_INVALID') || verdict).to.be.oneOf([true, 'refused'])
    }
  })

  it('takes honest ones in any order: what is before its time waits, is read backwards, and is no tip', async () => {
    const { envelopes, snapshots } = await writeLog(3)
    const whole = await Home.open()
    await whole.feed.accept(envelopes.flat().map((envelope) => ({ kind: 'envelope', envelope })))
    const view = await viewOf(whole)
    for (const order of ordersOf([0, 1, 2])) {
      let home = await Home.open()
      const here = new Set<number>()
      for (const number of order) {
        here.add(number)
        expect((await verdictOf(home, snapshots[number] as Uint8Array))[0]).to.equal('stored')
        home = await reopened(home)
        const ends = [0, 1, 2].filter((each) => here.has(each) && [0, 1, 2].slice(0, each).every((before) => here.has(before)))
        const { tips } = home.feed.state
        expect([tips.map(({ seq }) => seq), home.feed.detached.length, (await read(home)).length], order.join()).to.deep.equal([ends.slice(-1).map((end) => 2 * end + 2), here.size - ends.length, ends.length * 5])
        expect((await readEntries([home.feed], { reverse: true })).entries.length).to.equal(here.size * 5)
        for (const other of here) expect((await verdictOf(home, snapshots[other] as Uint8Array))[0]).to.equal('duplicate')
      }
      expect(await viewOf(home)).to.deep.equal(view)
      await home.feed.close()
    }
  })

  it('are served the newest first when asked, and not again to who has them', async () => {
    await using home = await Home.open()
    for (let i = 0; i < 3; i++) await home.fill()
    await home.append(1)
    await settled(home)
    await using reader = await Home.open()
    const items = await itemsFor(home, { have: [] }, { newestFirst: true })
    expect(items.map((item) => arrivalOf(item)).map((item) => item.kind === 'snapshot' ? item.snapshot.proof.header.segment : item.kind)).to.deep.equal([3, 2, 1, 0])
    await reader.feed.accept(items.slice(0, 2).map(arrivalOf))
    expect([reader.feed.state.tips, reader.feed.detached.length]).to.deep.equal([[], 2])
    const rest = await itemsFor(home, { have: reader.feed.points, skip: reader.feed.detached }, { newestFirst: true })
    expect(rest.map((item) => arrivalOf(item)).map((item) => item.kind === 'snapshot' && item.snapshot.proof.header.segment)).to.deep.equal([1, 0])
    await reader.feed.accept(rest.map(arrivalOf))
    expect(await viewOf(reader)).to.deep.equal(await viewOf(home))
  })

  it('of an open segment extend what is here, and are duplicates when they are behind it', async () => {
    await using home = await Home.open()
    await using reader = await Home.open()
    const texts = await home.append(2)
    const [old = new Uint8Array(0)] = await itemsFor(home, { have: [] }, { newestFirst: true })
    await carry(home, reader)
    for (let i = 0; i < 3; i++) texts.push(...await home.append(2))
    const { bytes } = await home.feed.snapshot(home.feed.tree.all[0] as never)
    expect([await verdictOf(reader, bytes), reader.feed.count, reader.forks]).to.deep.equal([['stored', undefined], 8, []])
    expect([await verdictOf(reader, old), await verdictOf(reader, bytes)]).to.deep.equal([['duplicate', undefined], ['duplicate', undefined]])
    texts.push(...await home.append(1))
    await carry(home, reader)
    await using after = await reopened(reader)
    expect([await viewOf(after), await read(after)]).to.deep.equal([await viewOf(home), numbersOf(texts)])
  })
})
