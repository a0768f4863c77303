import { expect } from 'chai'
import { SegmentRules } from '../../../packages/core/src/automerge/segment-rules.ts'
import { editDocument, type Parts } from './document-editor.ts'
import { columnsOf, encodeChange, leb128, rle, signed, text, type HandMade } from './encoder.ts'
import { engine, hex, newHandle } from './engine.ts'
import { filled } from './filled-segment.ts'
import { actor, entries, entry, LogWriter } from './log-writer.ts'

describe('SegmentRules.ofDocument against documents that no legal changes make', () => {
  const document = () => filled().writer.handle.saveNoCompress()

  it('refuses compressed columns, changes, and a document in place of a change', () => {
    const { writer, changes, rules } = filled()
    expect(() => SegmentRules.ofDocument(writer.handle.save())).to.throw(RangeError, 'compressed')
    expect(() => SegmentRules.ofDocument(changes[0] ?? new Uint8Array(0))).to.throw(RangeError, 'not an Automerge document')
    expect(() => rules.check(document())).to.throw(RangeError, 'not an uncompressed')
  })

  it('refuses a document that is cut short anywhere, followed by something, or has a bit flipped', () => {
    const writer = new LogWriter(actor(1)).begin()
    writer.append(entries(2))
    const small = writer.handle.saveNoCompress()
    for (let length = 0; length < small.length; length++) expect(() => SegmentRules.ofDocument(small.subarray(0, length))).to.throw(RangeError)
    expect(() => SegmentRules.ofDocument(Buffer.concat([small, small]))).to.throw(RangeError)
    for (let bit = 0; bit < small.length * 8; bit++) {
      expect(() => SegmentRules.ofDocument(Uint8Array.from(small, (byte, index) => index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))).to.throw(RangeError)
    }
  })

  it('refuses an empty document and one that is larger than any segment', () => {
    expect(() => SegmentRules.ofDocument(newHandle(actor(1)).saveNoCompress())).to.throw(RangeError)
    expect(() => SegmentRules.ofDocument(Buffer.concat([document(), Buffer.alloc(5 << 20)]))).to.throw(RangeError, 'more than 5242880')
  })

  it('does not keep the document alive or change with it', () => {
    const bytes = document()
    const { rules, head, texts } = SegmentRules.ofDocument(bytes)
    const [before, first] = [hex(head), texts[0]]
    bytes.fill(0)
    expect([hex(head), hex(rules.head ?? new Uint8Array(0)), texts[0]]).to.deep.equal([before, before, first])
  })

  const refuses = (edit: (parts: Parts) => void, reason: string) => expect(() => SegmentRules.ofDocument(editDocument(document(), edit))).to.throw(RangeError, reason)

  it('refuses values for operations that its changes do not make, and lists with a value', () => {
    expect(SegmentRules.ofDocument(editDocument(document(), () => {})).texts).to.deep.equal(entries(300))
    const [column, added] = [0x56, text(entry(900))]
    const meta = added[1].length * 16 + added[0]
    refuses(({ ops }) => Object.assign(ops, { [column]: Buffer.concat([ops[column] ?? added[1], Uint8Array.of(1), leb128(meta)]) }), 'another form')
    refuses(({ ops }) => Object.assign(ops, { [column]: rle([...metasOf(300), meta], leb128), 0x57: Buffer.concat([ops[0x57] ?? added[1], added[1]]) }), 'other operations')
    refuses(({ ops }) => Object.assign(ops, { [column]: rle([1, ...metasOf(300).slice(1)], leb128) }), 'journal')
    refuses(({ ops }) => Object.assign(ops, { [column]: rle([0, ...metasOf(299)], leb128) }), 'shorter or longer')
  })

  it('refuses a list whose value would pass for the root, and the root for the rest', () => {
    const writer = new LogWriter(actor(1)).begin({ segment: 1, prev: new Uint8Array(32) })
    writer.append(entries(300))
    const texts = entries(301).map((each) => text(each))
    const values = [[0, new Uint8Array(0)], text('notes'), [7, new Uint8Array(32)], [3, Uint8Array.of(1)], [3, Uint8Array.of(1)], ...texts] as const
    const forged = editDocument(writer.handle.saveNoCompress(), ({ ops }) => {
      Object.assign(ops, { 0x56: rle(values.map(([type, { length }]) => length * 16 + type), leb128), 0x57: Buffer.concat(values.map(([, bytes]) => bytes)) })
    })
    expect(() => SegmentRules.ofDocument(forged)).to.throw(RangeError, 'other operations')
  })

  it('refuses changes out of order, and several heads or another than the last change', () => {
    const lastOps = (...ops: number[]) => ({ changes }: Parts) => { Object.assign(changes, { 0x13: rle(ops.map((op, index) => op - (ops[index - 1] ?? 0)), signed) }) }
    refuses(lastOps(305, 104), 'out of order')
    refuses(lastOps(305, 305), 'out of order')
    refuses(lastOps(104, 305, 306), 'who made each')
    refuses(lastOps(3, 305), 'appends nothing')
    refuses(({ heads }) => heads.push(new Uint8Array(32)), 'several heads')
    refuses((parts) => { parts.headIndexes = Uint8Array.of(0) }, 'not its last change')
    refuses((parts) => { parts.headIndexes = Uint8Array.of(1, 0) }, 'not its last change')
  })

  it('refuses actors that did not write, write again after another, or have one name', () => {
    const other = { actor: actor(2), columns: columnsOf([{ key: '02020202/000', action: 2 }, { object: [0, 306], key: 'HEAD', insert: true, value: text(entry(900)) }]) }
    const again = { actor: actor(1), seq: 3, columns: columnsOf([{ object: [0, 261], key: [0, 305], insert: true, value: text(entry(901)) }]) }
    const sameName = { ...other, actor: Uint8Array.from([1, 1, 1, 1, ...new Uint8Array(12)]), columns: columnsOf([{ key: '01010101/000', action: 2 }, { object: [0, 306], key: 'HEAD', insert: true, value: text(entry(900)) }]) }
    refuses(({ actors }) => actors.push(actor(2)), 'other actors than those that wrote')
    expect(SegmentRules.ofDocument(after(other)).texts).to.deep.equal([...entries(300), entry(900)])
    expect(() => SegmentRules.ofDocument(after(other, again))).to.throw(RangeError, 'goes on after another')
    expect(() => SegmentRules.ofDocument(after(sameName))).to.throw(RangeError, 'same name')
  })

  it('refuses a change that appends nothing though the next does: the root alone, or a list at its end', () => {
    const root = new LogWriter(actor(1)).begin()
    root.commit()
    root.append(entries(2))
    expect(() => SegmentRules.ofDocument(root.handle.saveNoCompress())).to.throw(RangeError, 'appends nothing')
    const list = new LogWriter(actor(1)).begin()
    list.append(entries(255))
    list.handle.insert(list.list, 255, entry(256), 'str')
    list.makeList()
    list.commit()
    list.append(entries(2, 257))
    expect(() => SegmentRules.ofDocument(list.handle.saveNoCompress())).to.throw(RangeError, 'appends nothing')
  })
})

/** Metadata of the values of a filled segment with this many texts. */
function metasOf (count: number): number[] {
  const root = [0, 0, 5 * 16 + 6, 16 + 3, 16 + 3]
  return [...root, ...entries(count).map((text) => text.length * 16 + 6)]
}

/** The document of a filled segment after these changes, each of which depends on the one before only. */
function after (...changes: readonly HandMade[]): Uint8Array {
  const { handle } = filled().writer
  let startOp = 306
  for (const change of changes) {
    const bytes = encodeChange({ ...change, startOp, deps: [Buffer.from(handle.getHeads()[0] ?? '', 'hex')] })
    handle.loadIncremental(bytes)
    startOp += engine.decodeChange(bytes).ops.length
  }
  return handle.saveNoCompress()
}
