import { expect } from 'chai'
import { readChange } from '../../../packages/core/src/automerge/change.ts'
import { chunk, columnsOf, encodeChange, leb128, rle, signed, text, type HandMade, type Op } from './encoder.ts'
import { actor } from './log-writer.ts'

const read = (bytes: Uint8Array, maxOps = 100_000) => readChange(bytes, { maxOps })
const refuses = (bytes: Uint8Array, reason?: RegExp | string) => expect(() => read(bytes)).to.throw(RangeError, reason)
const puts = (count: number): Op[] => Array.from({ length: count }, (_, index) => ({ key: `key ${index}`, value: text('x') }))
const handMade = (change: Partial<HandMade> = {}) => encodeChange({ actor: actor(1), columns: columnsOf(puts(3)), ...change })

describe('readChange and what changes may unfold to', () => {
  it('refuses 243 bytes that unfold to 8 million operations', () => {
    const rows = 8_000_000
    const run = (value: number) => Buffer.concat([signed(rows), leb128(value)])
    const columns = { 0x15: Buffer.concat([signed(rows), leb128(1), Buffer.from('k')]), 0x34: leb128(rows), 0x42: run(1), 0x56: run(0), 0x70: run(0) }
    const bomb = encodeChange({ actor: actor(1), columns, message: 'x'.repeat(243 - encodeChange({ actor: actor(1), columns }).length) })
    expect(bomb.length).to.be.within(240, 246)
    refuses(bomb, 'more than 100000')
    refuses(encodeChange({ actor: actor(1), columns: { ...columns, 0x15: Buffer.concat([signed(0), leb128(rows)]) } }))
  })

  it('takes as many operations as it is told to, and not one more', () => {
    const change = handMade({ columns: columnsOf(puts(10)) })
    expect(read(change, 10).opCount).to.equal(10)
    expect(() => read(change, 9)).to.throw(RangeError, 'more than 9')
  })

  it('refuses predecessors, keys and values that unfold to more than anybody needs', () => {
    const one = columnsOf(puts(1))
    refuses(handMade({ columns: { ...one, 0x70: rle([2 ** 40], leb128), 0x71: Buffer.concat([signed(2 ** 40), leb128(0)]), 0x73: Buffer.concat([signed(2 ** 40), leb128(0)]) } }))
    const many = columnsOf(Array.from({ length: 1_000 }, () => ({ key: 'k'.repeat(10_000), value: text('x') })))
    refuses(handMade({ columns: many }), 'unfold')
    refuses(handMade({ columns: { ...one, 0x56: rle([2 ** 44], leb128) } }), 'shorter or longer')
  })

  it('refuses columns that are compressed, unknown, empty or out of order', () => {
    const columns = columnsOf(puts(3))
    refuses(handMade({ columns: { ...columns, [0x56 | 8]: columns[0x56] ?? new Uint8Array(1) } }), '0x5e is compressed')
    refuses(handMade({ columns: { ...columns, 0xf2: Uint8Array.of(1) } }), 'unknown')
    const head = Buffer.concat([Uint8Array.of(0, 16), actor(1), Uint8Array.of(1, 1, 0, 0, 0)])
    refuses(chunk(Buffer.concat([head, Uint8Array.of(1, 0x42, 0)])), 'empty')
    refuses(chunk(Buffer.concat([head, Uint8Array.of(2, 0x42, 1, 0x34, 1, 1, 1)])), 'out of order')
    refuses(chunk(Buffer.concat([head, Uint8Array.of(2, 0x42, 1, 0x42, 1, 1, 1)])), 'out of order')
    refuses(chunk(Buffer.concat([head, leb128(2 ** 30)])), 'columns')
  })

  for (const column of [0x15, 0x34, 0x42, 0x56, 0x57, 0x70]) {
    it(`refuses columns of different lengths: 0x${column.toString(16)} of fewer or more rows`, () => {
      const [columns, fewer, more] = [3, 2, 4].map((count) => columnsOf(puts(count))) as [HandMade['columns'], HandMade['columns'], HandMade['columns']]
      for (const other of [fewer, more]) refuses(handMade({ columns: { ...columns, [column]: other[column] ?? new Uint8Array(0) } }))
    })
  }

  it('refuses fewer or more predecessors than it says', () => {
    const columns = columnsOf([{ key: 'k', value: text('x'), pred: [[0, 1], [0, 2]] }])
    expect(read(handMade({ columns, startOp: 3 })).opCount).to.equal(1)
    for (const count of [1, 3]) refuses(handMade({ columns: { ...columns, 0x70: rle([count], leb128) } }), 'predecessors')
  })

  it('refuses actors that it does not list, lists twice, out of order or by the thousand', () => {
    const named = (index: number) => columnsOf([{ object: [index, 5], key: 'HEAD', insert: true, value: text('x') }])
    expect(read(handMade({ otherActors: [actor(2)], columns: named(1) })).opCount).to.equal(1)
    refuses(handMade({ otherActors: [actor(2)], columns: named(2) }), 'does not list')
    refuses(handMade({ otherActors: [actor(2), actor(2)] }), 'not in order')
    refuses(handMade({ otherActors: [actor(3), actor(2)] }), 'not in order')
    refuses(handMade({ otherActors: [actor(1)] }), 'its own actor')
    refuses(handMade({ otherActors: Array.from({ length: 4_097 }, (_, index) => Buffer.from([index >> 8, index & 255])) }), 'actors')
  })

  it('refuses more dependencies, a longer message or more bytes at the end than anybody needs', () => {
    refuses(handMade({ deps: Array.from({ length: 65 }, (_, index) => Buffer.alloc(32, index)) }), '65 dependencies')
    refuses(handMade({ deps: [Buffer.alloc(32, 2), Buffer.alloc(32, 1)] }), 'not in order')
    refuses(handMade({ message: 'm'.repeat(1_025) }), 'message')
    refuses(handMade({ extra: Buffer.alloc(1_025) }), 'after its operations')
    refuses(Buffer.concat([handMade(), Buffer.alloc(1 << 20)]), 'more than 1048576')
  })

  it('refuses numbers that are overlong, zero, beyond 2^53 or beyond what Automerge counts to', () => {
    const head = (seq: readonly number[]) => chunk(Buffer.concat([Uint8Array.of(0, 16), actor(1), Uint8Array.from(seq), Uint8Array.of(1, 0, 0, 0, 0)]))
    expect(read(head([1])).opCount).to.equal(0)
    refuses(head([0x81, 0]), 'more bytes than it needs')
    refuses(head([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), 'too large')
    refuses(head([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]), 'too large')
    refuses(head([0]), 'numbered 0')
    refuses(handMade({ startOp: 0 }), 'numbered 0')
    refuses(handMade({ startOp: 2 ** 32 - 2 }), 'numbered beyond')
    const time = (bytes: readonly number[]) => chunk(Buffer.concat([Uint8Array.of(0, 16), actor(1), Uint8Array.of(1, 1), Uint8Array.from(bytes), Uint8Array.of(0, 0, 0)]))
    expect([[0x7f], [0xff, 0], [0x80, 0x7f]].map((bytes) => read(time(bytes)).time)).to.deep.equal([-1, 127, -128])
    for (const bytes of [[0xff, 0x7f], [0x80, 0], [0xbf, 0]]) refuses(time(bytes), 'more bytes than it needs')
    refuses(time([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]), 'too large')
  })

  it('refuses keys that are not UTF-8', () => {
    refuses(handMade({ columns: { ...columnsOf(puts(1)), 0x15: Uint8Array.of(0x7f, 1, 0xff) } }), 'UTF-8')
  })

  it('refuses runs that Automerge writes otherwise, since the hash would not outlive a document', () => {
    const columns = columnsOf(puts(4))
    const forms = { 'a run of one': [1, 1, 3, 2], 'two runs of the same': [2, 1, 2, 1], 'literals of the same': [0x7c, 1, 1, 1, 1], 'two literals': [0x7e, 1, 2, 0x7e, 1, 2], 'no nulls': [4, 1, 0, 0] }
    for (const form of Object.values(forms)) refuses(handMade({ columns: { ...columns, 0x42: Uint8Array.from(form) } }), 'another form')
    refuses(handMade({ columns: { ...columns, 0x34: Uint8Array.of(2, 0, 2) } }), 'another form')
    refuses(handMade({ columns: { ...columns, 0x01: Uint8Array.of(0, 4) } }), 'another form')
  })
})
