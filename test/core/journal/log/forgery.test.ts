import { expect } from 'chai'
import type { LogEnvelope, LogHeader } from '../../../../packages/core/src/envelope.ts'
import { pointAfter, writeLog, writeSegment } from './forge.ts'
import { Home, newTexts, read, reseal, reopened } from './support.ts'

async function verdictsOf (home: Home, envelopes: readonly LogEnvelope[]): Promise<string[]> {
  return (await home.feed.accept(envelopes.map((envelope) => ({ kind: 'envelope', envelope })))).map(({ status }) => status)
}

/** What somebody who holds the origin's key may try: all but the first two need it, for the signature covers the header. */
const tricks: Record<string, (envelope: LogEnvelope, before: LogEnvelope) => LogEnvelope> = {
  'the change of another envelope': (envelope, before) => reseal(envelope, {}, before.payload),
  'a change that was altered': (envelope) => reseal(envelope, {}, Uint8Array.from(envelope.payload, (byte, at) => at === envelope.payload.length - 1 ? byte ^ 1 : byte)),
  'no change at all': (envelope) => reseal(envelope, {}, new Uint8Array(0)),
  'another head': (envelope) => reseal(envelope, { heads: [new Uint8Array(32)] }),
  'two heads': (envelope, before) => reseal(envelope, { heads: [...envelope.header.heads, ...before.header.heads] }),
  'another actor': (envelope) => reseal(envelope, { actor: new Uint8Array(16) }),
  'a wrong count of entries': (envelope) => reseal(envelope, { entries: envelope.header.entries + 1 }),
  'the wrong segment': (envelope) => reseal(envelope, { segment: 1 }),

}

describe('LogFeed: envelopes that are not right', () => {
  for (const [what, trick] of Object.entries(tricks)) {
    it(`are refused when they hold ${what}, and harm nothing`, async () => {
      await using home = await Home.open()
      const { envelopes: [envelopes = []] } = await writeLog(1)
      const [first, second] = envelopes as [LogEnvelope, LogEnvelope]
      expect(await verdictsOf(home, [first, trick(second, first), second])).to.deep.equal(['stored', 'refused', 'stored'])
      await using after = await reopened(home)
      expect([after.feed.state.tips, (await read(after)).length]).to.deep.equal([[{ seq: 2, id: second.id }], 5])
    })
  }

  it('are refused as the first of a segment that begins as another one', async () => {
    const { envelopes: [first = []] } = await writeLog(1)
    const after = pointAfter(first.at(-1) as LogEnvelope)
    const say = (changes: Partial<LogHeader>) => (header: LogHeader) => ({ ...header, ...changes })
    const wrong = [
      writeSegment({ texts: [newTexts(1)], number: 1, after: { ...after, head: new Uint8Array(32) } }),
      writeSegment({ texts: [newTexts(1)], number: 2, after, header: say({ segment: 1 }) }),
      writeSegment({ texts: [newTexts(1)], number: 1, after, journal: 'other', header: say({ journal: 'notes' }) }),
      writeSegment({ texts: [newTexts(1)], number: 0, header: say({ segment: 1, seq: 3, prev: after.id, entries: 6 }) }),
      writeSegment({ texts: [newTexts(1)], number: 1, after: { ...after, entries: 4 } })
    ]
    await using home = await Home.open()
    await verdictsOf(home, first)
    for (const { envelopes } of wrong) expect(await verdictsOf(home, envelopes)).to.deep.equal(['refused'])
    expect([home.feed.state.tips.map(({ seq }) => seq), home.forks]).to.deep.equal([[2], []])
  })

  it('are refused when an entry is older than the one before it, also across a border', async () => {
    const [old = '', ...texts] = newTexts(3)
    const { envelopes: [first] } = writeSegment({ texts: [texts] })
    await using home = await Home.open()
    await verdictsOf(home, [first as LogEnvelope])
    const { envelopes } = writeSegment({ texts: [[old]], number: 1, after: pointAfter(first as LogEnvelope) })
    expect(await verdictsOf(home, envelopes)).to.deep.equal(['refused'])
  })

  it('meet a gap when one is left out or they come in another order, and are taken once it is filled', async () => {
    const { envelopes: [first = [], second = []] } = await writeLog()
    const all = [...first, ...second]
    for (let missing = 0; missing < 4; missing++) {
      await using home = await Home.open()
      expect(await verdictsOf(home, all.toSpliced(missing, 1))).to.deep.equal(all.toSpliced(missing, 1).map((_, at) => at < missing ? 'stored' : 'gap'))
      expect((await verdictsOf(home, all.slice(missing))).every((status) => status === 'stored')).to.equal(true)
    }
    await using home = await Home.open()
    expect(await verdictsOf(home, all.toReversed())).to.deep.equal(['gap', 'gap', 'gap', 'stored'])
  })

  it('are duplicates when they come again, and change nothing', async () => {
    const { envelopes } = await writeLog()
    await using home = await Home.open()
    await verdictsOf(home, envelopes.flat())
    const { points } = home.disk
    expect([await verdictsOf(home, envelopes.flat()), home.disk.points === points]).to.deep.equal([new Array(4).fill('duplicate'), true])
  })
})
