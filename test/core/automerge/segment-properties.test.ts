import { expect } from 'chai'
import fc from 'fast-check'
import { SegmentRules, type LogChange } from '../../../packages/core/src/automerge/segment-rules.ts'
import { chunk } from './encoder.ts'
import { engine, hex } from './engine.ts'
import { actor, entries, entry, entryId, LogWriter } from './log-writer.ts'
import { segments, textsOf, writeSegment } from './written-segment.ts'

const soaks = process.env.SOAK === '1'

function replay (rules: SegmentRules, changes: readonly Uint8Array[]): LogChange[] {
  return changes.map((bytes) => {
    const change = rules.check(bytes)
    rules.advance(change)
    return change
  })
}

const stateOf = ({ head, entries, changes, lastEntryId, textBytes }: SegmentRules) => ({ head: hex(head ?? new Uint8Array(0)), entries, changes, lastEntryId, textBytes })

/** Whether a change is taken, and where the segment stands afterwards. */
function outcome (rules: SegmentRules, change: Uint8Array): unknown {
  try {
    const [{ texts = [] } = {}] = replay(rules, [change])
    return { texts, ...stateOf(rules) }
  } catch (error) {
    expect(error).to.be.instanceOf(RangeError)
    return (error as RangeError).message
  }
}

const savedBy = (changes: readonly Uint8Array[]) => new LogWriter(actor(255)).follow(changes).handle.saveNoCompress()

describe('SegmentRules over many changes', () => {
  it('writes what Automerge writes, byte for byte', () => {
    fc.assert(fc.property(segments(), ({ root: { journal, segment, prev }, turns }) => {
      const rules = new SegmentRules()
      const written = turns.flatMap(({ actor: by, changes }) => changes.map(({ texts, time }) => {
        const root = rules.changes === 0 ? { journal, segment, previousHead: prev } : undefined
        const bytes = rules.write(texts, actor(by), time, root)
        replay(rules, [bytes])
        return hex(bytes)
      }))
      expect(written).to.deep.equal(writeSegment({ root: { journal, segment, ...prev !== undefined && { prev } }, turns }).changes.map(hex))
    }))
  })

  it('makes the document that Automerge saves, byte for byte, from its changes or from a document of the first of them', () => {
    fc.assert(fc.property(segments(), fc.nat(), (segment, at) => {
      const { changes } = writeSegment(segment)
      const texts = textsOf(segment)
      const live = new SegmentRules()
      replay(live, changes)
      const saved = savedBy(changes)
      expect(hex(live.document(texts))).to.equal(hex(saved))
      const first = 1 + at % changes.length
      const { rules } = SegmentRules.ofDocument(savedBy(changes.slice(0, first)))
      replay(rules, changes.slice(first))
      expect(hex(rules.document(texts))).to.equal(hex(saved))
      expect(SegmentRules.ofDocument(saved).proof.changes().map(hex)).to.deep.equal(changes.map(hex))
    }), { numRuns: soaks ? 300 : 30 })
  })

  it('says which actors may write next', () => {
    const [first, second, third] = [actor(1), actor(2), actor(3)]
    const rules = new SegmentRules()
    expect(rules.admitsActor(first)).to.equal(true)
    for (const [by, from] of [[first, 1], [second, 2]] as const) replay(rules, [rules.write(entries(1, from), by, 0, from === 1 ? { journal: 'notes', segment: 0, previousHead: undefined } : undefined)])
    const namesake = Uint8Array.of(...second.subarray(0, 4), ...third.subarray(4))
    expect([first, second, third, namesake].map((each) => rules.admitsActor(each))).to.deep.equal([false, true, true, false])
  })

  it('reads from the document what it read change by change, and goes on from there alike', () => {
    fc.assert(fc.property(segments(), (segment) => {
      const { changes, last } = writeSegment(segment)
      const texts = textsOf(segment)
      const { journal, segment: number, prev } = segment.root
      const live = new SegmentRules()
      const checked = replay(live, changes)
      const opened = SegmentRules.ofDocument(last.handle.saveNoCompress())
      expect([opened.rules, opened].map(({ head, changes }) => [hex(head ?? new Uint8Array(0)), changes])).to.deep.equal(Array(2).fill([last.handle.getHeads()[0], changes.length]))
      expect(stateOf(opened.rules)).to.deep.equal(stateOf(live))
      expect(opened.texts).to.deep.equal(texts)
      expect(checked.flatMap(({ texts }) => texts)).to.deep.equal(texts)
      expect(opened.root).to.deep.equal(checked[0]?.root)
      expect(opened.root).to.deep.equal({ journal, segment: number, previousHead: prev })
      const from = texts.length * 10 + 1
      const other = new LogWriter(actor(255)).follow(changes).append(entries(2, from))
      const first = new LogWriter(actor(segment.turns[0]?.actor ?? 0)).follow(changes).append(entries(2, from))
      const next = last.append(entries(300, from))
      const after = (change: Uint8Array) => {
        const fresh = new SegmentRules()
        replay(fresh, changes)
        return [outcome(fresh, change), outcome(SegmentRules.ofDocument(saved).rules, change)]
      }
      const saved = new LogWriter(actor(1)).follow(changes).handle.saveNoCompress()
      for (const change of [next, other, first]) {
        const [one, two] = after(change)
        expect(two).to.deep.equal(one)
      }
      expect([next, other].map((change) => typeof after(change)[0])).to.deep.equal(['object', 'object'])
      expect(typeof after(first)[0]).to.equal('string')
    }), { numRuns: 25 })
  }).timeout(60_000)

  it('takes a full segment of 4,096 entries, and not one more', () => {
    const writer = new LogWriter(actor(1)).begin()
    const rules = new SegmentRules()
    replay(rules, [1000, 1000, 1000, 1000, 96].map((count, index) => writer.append(entries(count, 1 + index * 1000))))
    expect(rules.entries).to.equal(4096)
    const document = writer.handle.saveNoCompress()
    expect(SegmentRules.ofDocument(document).rules.entries).to.equal(4096)
    const more = writer.append([entry(5_000)])
    for (const full of [rules, SegmentRules.ofDocument(document).rules]) expect(() => full.check(more)).to.throw(RangeError, '4096')
    expect(() => SegmentRules.ofDocument(writer.handle.saveNoCompress())).to.throw(RangeError, '4096')
  })

  it('takes 4 MiB of text, and not one byte more', () => {
    const rules = new SegmentRules()
    const length = entry(1, '').length
    const change = (writer: LogWriter, number: number, bytes: number) => writer.append([entry(number, 'x'.repeat(bytes - length))])
    const writer = new LogWriter(actor(1)).begin()
    replay(rules, Array.from({ length: 16 }, (_, index) => change(writer, index + 1, (256 << 10) - 16)))
    expect(rules.textBytes).to.equal((4 << 20) - 256)
    const fits = new LogWriter(actor(2)).follow(writer.handle.getChanges([]))
    const over = new LogWriter(actor(3)).follow(writer.handle.getChanges([]))
    expect(rules.check(change(fits, 17, 256)).texts[0]?.length).to.equal(256)
    expect(() => rules.check(change(over, 17, 257))).to.throw(RangeError, 'too much text')
    expect(SegmentRules.ofDocument(fits.handle.saveNoCompress()).rules.textBytes).to.equal(4 << 20)
    expect(() => SegmentRules.ofDocument(over.handle.saveNoCompress())).to.throw(RangeError, 'too much text')
  })

  it('refuses a document, or the document proves nothing, whichever bit of it is flipped and the checksum mended', () => {
    const turns = [{ actor: 50, changes: [{ time: 1_700_000_000, texts: entries(2) }] }, { actor: 9, changes: [{ time: 1_699_999_999, texts: [entry(3, 'grüße')] }] }]
    const document = writeSegment({ root: { journal: 'notes', segment: 3, prev: new Uint8Array(32).fill(7) }, turns }).last.handle.saveNoCompress()
    const content = document.subarray(document[9] !== undefined && document[9] > 127 ? 11 : 10)
    expect(chunk(content, 0)).to.deep.equal(Buffer.from(document))
    expect(SegmentRules.ofDocument(document).proof.holds()).to.equal(true)
    let taken = 0
    for (let bit = 0; bit < content.length * 8; bit++) {
      const forged = chunk(flip(content, bit), 0)
      const opened = attempt(() => SegmentRules.ofDocument(forged))
      if (opened === undefined) continue
      taken++
      expect([opened.proof.holds(), attempt(() => engine.load(forged), Error)]).to.deep.equal([false, undefined])
    }
    expect(taken).to.be.greaterThan(100)
  })

  it('refuses a change, or takes one that comes out of a document the same, whichever bit of it is flipped and the checksum mended', () => {
    const writer = new LogWriter(actor(1)).begin()
    const first = writer.append(entries(1))
    const second = writer.append([entry(2, 'ü')])
    const content = second.subarray(second[9] !== undefined && second[9] > 127 ? 11 : 10)
    expect(chunk(content)).to.deep.equal(Buffer.from(second))
    let taken = 0
    for (let bit = 0; bit < content.length * 8; bit++) {
      const forged = chunk(flip(content, bit))
      const rules = new SegmentRules()
      replay(rules, [first])
      const change = attempt(() => rules.check(forged))
      if (change === undefined) continue
      taken++
      rules.advance(change)
      const reader = new LogWriter(actor(9)).follow([first, forged])
      const opened = SegmentRules.ofDocument(reader.handle.saveNoCompress())
      expect([reader.handle.getHeads()[0], stateOf(opened.rules)]).to.deep.equal([hex(change.hash), stateOf(rules)])
      expect(opened.texts).to.deep.equal([entry(1), ...change.texts])
      expect(engine.getBackend(engine.load(reader.handle.saveNoCompress())).getHeads()).to.deep.equal([hex(change.hash)])
    }
    expect(taken).to.be.greaterThan(20)
  })

  it('goes on from the last id of the segment before', () => {
    const change = new LogWriter(actor(1)).begin().append([entry(10)])
    expect(new SegmentRules(entryId(9)).check(change).texts).to.deep.equal([entry(10)])
    expect(() => new SegmentRules(entryId(10)).check(change)).to.throw(RangeError, 'does not come after')
    const document = new LogWriter(actor(2)).follow([change]).handle.saveNoCompress()
    expect(SegmentRules.ofDocument(document, entryId(9)).texts).to.deep.equal([entry(10)])
    expect(() => SegmentRules.ofDocument(document, entryId(10))).to.throw(RangeError, 'does not come after')
  })
})

function flip (bytes: Uint8Array, bit: number): Uint8Array {
  return Uint8Array.from(bytes, (byte, index) => index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)
}

/** The result, or `undefined` for a failure of this class; other failures are passed on. */
function attempt<Result> (run: () => Result, failure: new () => Error = RangeError): Result | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof failure) return undefined
    throw error
  }
}
