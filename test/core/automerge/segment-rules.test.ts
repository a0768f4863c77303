import { expect } from 'chai'
import { SegmentRules } from '../../../packages/core/src/automerge/segment-rules.ts'
import { actor, entries, entry, LogWriter } from './log-writer.ts'

type Write = (writer: LogWriter) => Uint8Array

describe('SegmentRules at the start of a segment', () => {
  const check: (write: Write) => unknown = (write) => new SegmentRules().check(write(new LogWriter(actor(1))))
  const head = new Uint8Array(32).fill(3)

  it('reads the root from the first change, and from no other', () => {
    const root = (options: Parameters<LogWriter['begin']>[0]) => new SegmentRules().check(new LogWriter(actor(1)).begin(options).append(entries(1))).root
    expect(root({})).to.deep.equal({ journal: 'notes', segment: 0, previousHead: undefined })
    expect(root({ journal: 'a.b', segment: 300, prev: head })).to.deep.equal({ journal: 'a.b', segment: 300, previousHead: head })
    expect(() => check((writer) => writer.append(entries(1)))).to.throw(RangeError, '"v" in its root')
  })

  it('takes what it would have taken, after it has refused something', () => {
    const rules = new SegmentRules()
    const writer = new LogWriter(actor(1)).begin()
    writer.handle.insert(writer.makeList(), 0, entry(1), 'str')
    writer.handle.put('_root', 'extra', 'x', 'str')
    expect(() => rules.check(writer.commit())).to.throw(RangeError, 'newest list')
    expect(rules.check(new LogWriter(actor(1)).begin().append(entries(3))).texts).to.deep.equal(entries(3))
  })

  it('takes the largest entry that can be written: 256 KiB of body, and a kind that is all escapes', () => {
    const text = entry(1, 'x'.repeat((256 << 10) - 2)).replace('note', '\\u0001'.repeat(64))
    expect(new SegmentRules().check(new LogWriter(actor(1)).begin().append([text])).texts).to.deep.equal([text])
  })

  it('refuses another version, a journal that is none, and a predecessor against the number', () => {
    const begin = (options: Parameters<LogWriter['begin']>[0]) => () => check((writer) => writer.begin(options).append(entries(1)))
    expect(begin({ v: 2 })).to.throw(RangeError, 'version 2')
    expect(begin({ journal: 'A B' })).to.throw(RangeError, 'journal')
    expect(begin({ segment: 1 })).to.throw(RangeError, 'predecessor')
    expect(begin({ segment: 0, prev: head })).to.throw(RangeError, 'predecessor')
    expect(begin({ segment: 1, prev: head.slice(1) })).to.throw(RangeError, '32 bytes')
  })

  it('refuses a root in another order or without entries, a first list of another number, and a first change that is not the first', () => {
    expect(() => check((writer) => {
      writer.handle.put('_root', 'journal', 'notes', 'str')
      return writer.begin().append(entries(1))
    })).to.throw(RangeError, '"v" in its root')
    expect(() => check((writer) => writer.begin().commit())).to.throw(RangeError, 'nothing')
    expect(() => check((writer) => {
      writer.begin().handle.insert(writer.handle.putObject('_root', '01010101/001', []), 0, entry(1), 'str')
      return writer.commit()
    })).to.throw(RangeError, 'other keys')
    expect(() => check((writer) => {
      writer.begin().append(entries(1))
      return writer.append(entries(1, 2))
    })).to.throw(RangeError, 'does not follow')
  })
})
