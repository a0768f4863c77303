import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import { chunk, columnsOf, encodeChange, leb128, signed, text, type HandMade, type Op } from './encoder.ts'
import { hex } from './engine.ts'
import { filled } from './filled-segment.ts'
import { actor, entry } from './log-writer.ts'

describe('SegmentRules against changes made by hand', () => {
  /** The next change of the filled segment, as it should be but for what is given. */
  const next = (change: Partial<HandMade> = {}, ops?: readonly Op[]): Uint8Array => {
    const { writer, rules } = filled()
    const list = Number(writer.list.split('@')[0])
    const legal: Op[] = [{ object: [0, list], key: [0, 305], insert: true, value: text(entry(900)) }]
    return encodeChange({ actor: actor(1), seq: 3, startOp: 306, deps: [rules.head ?? new Uint8Array(0)], columns: columnsOf(ops ?? legal), ...change })
  }
  const refuses = (change: Uint8Array, reason: string | RegExp) => expect(() => filled().rules.check(change)).to.throw(RangeError, reason)
  const list = filled().writer.list.split('@').map(Number)[0] ?? 0
  const append = (op: Partial<Op> = {}): Op => ({ object: [0, list], key: [0, 305], insert: true, value: text(entry(900)), ...op })

  it('takes a change that is encoded by hand as Automerge does, and notes nothing before it is told to', () => {
    const { writer, rules, changes } = filled()
    const change = writer.append([entry(900)], 0)
    expect(hex(next())).to.equal(hex(change))
    const checked = rules.check(next())
    expect([checked.texts, checked.root, rules.entries, rules.changes]).to.deep.equal([[entry(900)], undefined, 300, 2])
    rules.advance(checked)
    expect([rules.entries, rules.changes, hex(rules.head ?? new Uint8Array(0))]).to.deep.equal([301, 3, hex(checked.hash)])
    expect(() => rules.advance(checked)).to.throw(TypeError)
    expect(() => rules.check(changes[1] ?? new Uint8Array(0))).to.throw(RangeError)
  })

  it('refuses a number that is not the next of its actor', () => {
    for (const seq of [1, 2, 4]) refuses(next({ seq }), `number ${seq} of its actor, not 3`)
  })

  it('refuses operations that do not start where the last ended', () => {
    for (const startOp of [1, 305, 307, 2 ** 31]) refuses(next({ startOp }), 'start at')
  })

  it('refuses dependencies other than the last change', () => {
    const { rules } = filled()
    const skipped = createHash('sha256').update('another').digest()
    for (const deps of [[], [skipped], [rules.head ?? skipped, Buffer.alloc(32, 255)], [Buffer.alloc(32), rules.head ?? skipped]]) refuses(next({ deps }), 'does not follow')
  })

  it('refuses another actor in the place of the one that wrote', () => {
    refuses(next({ actor: actor(2) }), 'number 3 of its actor, not 1')
    refuses(next({ actor: actor(2), seq: 1 }), 'appends nothing')
    refuses(next({ actor: actor(2).slice(1), seq: 1 }), '16 bytes')
    refuses(next({ actor: Uint8Array.from([1, 1, 1, 1, ...new Uint8Array(12)]), seq: 1 }), 'name of another')
    refuses(next({ otherActors: [actor(2)] }), 'other actors')
  })

  it('refuses a list with a value', () => {
    const list = { key: '02020202/000', action: 2, value: text('x') }
    refuses(next({ actor: actor(2), seq: 1 }, [list, append({ object: [0, 306], key: 'HEAD' })]), 'gives a list a value')
  })

  it('refuses predecessors, marks and extra bytes', () => {
    refuses(next({}, [append({ pred: [[0, 305]] })]), 'overwrites')
    refuses(next({ columns: { ...columnsOf([append()]), 0x94: Uint8Array.of(0, 1) } }), 'else than append')
    refuses(next({ columns: { ...columnsOf([append()]), 0xa5: Uint8Array.of(0x7f, 1, 0x6b) } }), 'else than append')
    refuses(next({ extra: Uint8Array.of(1) }), 'extra bytes')
  })

  it('refuses other actions, other objects and other keys', () => {
    for (const action of [0, 2, 3, 4, 5, 6, 7]) refuses(next({}, [append({ action })]), 'else than append')
    refuses(next({}, [append({ insert: false })]), 'else than append')
    refuses(next({}, [append({ object: [0, list - 1] })]), 'newest list')
    for (const key of ['HEAD', [0, 304], [0, 306]] as const) refuses(next({}, [append({ key })]), 'end of the list')
    refuses(next({}, [append(), append({ key: [0, 305], value: text(entry(901)) })]), 'end of the list')
  })

  it('refuses columns that go on after the last operation', () => {
    for (const [column, more] of [[0x01, [2, 0]], [0x34, [1]], [0x42, [2, 1]], [0x70, [2, 0]]] as const) {
      const columns = columnsOf([append()])
      refuses(next({ columns: { ...columns, [column]: Uint8Array.from([...columns[column] ?? [], ...more]) } }), /else than append|another actor|overwrites/)
    }
  })

  it('refuses texts that are not UTF-8, also when their bytes together are', () => {
    const half = Buffer.from('ü')
    refuses(next({}, [append({ value: [6, Buffer.concat([Buffer.from(entry(900)), Uint8Array.of(0xff)])] })]), 'UTF-8')
    const parts = [Buffer.concat([Buffer.from(entry(900)), half.subarray(0, 1)]), Buffer.concat([half.subarray(1), Buffer.from(entry(901))])] as const
    refuses(next({}, [append({ value: [6, parts[0]] }), append({ key: [0, 306], value: [6, parts[1]] })]), 'begin with its id')
  })

  it('refuses a 243-byte bomb and a DEFLATE bomb, whatever they would unfold to', () => {
    const rows = 8_000_000
    const run = (value: number) => Buffer.concat([signed(rows), leb128(value)])
    const columns = { 0x01: run(0), 0x02: run(list), 0x11: run(0), 0x13: run(1), 0x34: Buffer.concat([leb128(0), leb128(rows)]), 0x42: run(1), 0x56: run(6), 0x70: run(0) }
    refuses(next({ columns }), 'more than 1100')
    refuses(chunk(deflateRawSync(Buffer.alloc(60 << 20)), 2), 'not an uncompressed')
  })

  it('refuses a wrong checksum, every cut and every flipped bit', () => {
    const { rules } = filled()
    const change = next()
    for (let length = 0; length < change.length; length++) expect(() => rules.check(change.subarray(0, length))).to.throw(RangeError)
    for (let bit = 0; bit < change.length * 8; bit++) {
      expect(() => rules.check(Uint8Array.from(change, (byte, index) => index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))).to.throw(RangeError)
    }
  })
})
