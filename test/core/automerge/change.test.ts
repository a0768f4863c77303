import { expect } from 'chai'
import fc from 'fast-check'
import { readChange } from '../../../packages/core/src/automerge/change.ts'
import { chunk, chunkOfBody, columnsOf, encodeChange, leb128, text, type HandMade, type Op } from './encoder.ts'
import { engine, hex, newHandle, type Handle } from './engine.ts'
import { actor } from './log-writer.ts'

const read = (bytes: Uint8Array, maxOps = 100_000) => readChange(bytes, { maxOps })
const refuses = (bytes: Uint8Array, reason?: RegExp | string) => expect(() => read(bytes)).to.throw(RangeError, reason)
const puts = (count: number): Op[] => Array.from({ length: count }, (_, index) => ({ key: `key ${index}`, value: text('x') }))
const handMade = (change: Partial<HandMade> = {}) => encodeChange({ actor: actor(1), columns: columnsOf(puts(3)), ...change })

type Edit = (handle: Handle, list: string, texts: string) => void
const edits: Readonly<Record<string, Edit>> = {
  put: (handle) => handle.put('_root', 'text', 'grüße'.repeat(60)),
  scalars: (handle) => [1, -1, 1.5, null, true, new Uint8Array(9), new Date(5)].forEach((value, index) => handle.put('_root', `v${index}`, value)),
  counter: (handle) => handle.put('_root', 'counter', 5, 'counter'),
  increment: (handle) => handle.increment('_root', 'counter', -7),
  insert: (handle, list) => { for (let index = 0; index < 300; index++) handle.insert(list, 0, index) },
  middle: (handle, list) => handle.insert(list, 3, 'x', 'str'),
  overwrite: (handle, list) => handle.put(list, 2, 'y', 'str'),
  remove: (handle, list) => handle.delete(list, 1),
  nested: (handle, list) => handle.putObject(handle.putObject(list, 0, {}), 'deep', []),
  splice: (handle, _, texts) => handle.splice(texts, 0, 0, 'a long text 👋'.repeat(20)),
  cut: (handle, _, texts) => handle.splice(texts, 2, 9, ''),
  mark: (handle, _, texts) => handle.mark(texts, { start: 1, end: 5, expand: 'both' }, 'bold', true),
  empty: (handle) => { handle.emptyChange('nothing was done', 9) }
}

/** Changes of every kind of operation, by two actors who also write at the same time. */
function realChanges (order: readonly string[]): Uint8Array[] {
  const [one, two] = [newHandle(actor(200)), newHandle(actor(3))]
  const [list, texts] = [one.putObject('_root', 'list', []), one.putObject('_root', 'texts', '')]
  edits['counter']?.(one, list, texts)
  edits['insert']?.(one, list, texts)
  edits['splice']?.(one, list, texts)
  one.commit(null, 0)
  two.loadIncremental(Buffer.concat(one.getChanges([])))
  order.forEach((name, index) => {
    const handle = index % 3 === 1 ? two : one
    edits[name]?.(handle, list, texts)
    handle.commit(index % 4 === 0 ? `edit ${name}` : null, index * 1_000)
    if (index % 5 === 4) two.loadIncremental(Buffer.concat(one.getChanges([])))
    if (index % 7 === 6) one.loadIncremental(Buffer.concat(two.getChanges([])))
  })
  one.loadIncremental(Buffer.concat(two.getChanges([])))
  edits['overwrite']?.(one, list, texts)
  one.commit(null, 1)
  return one.getChanges([])
}

const first = realChanges(Object.keys(edits))
const small = handMade({ deps: [Buffer.alloc(32, 5)], message: 'hi', otherActors: [actor(2)], time: -3 })

describe('readChange', () => {
  it('reads of real changes what Automerge reads, and counts their operations', () => {
    fc.assert(fc.property(fc.shuffledSubarray([...Object.keys(edits), ...Object.keys(edits)], { minLength: 10 }), (order) => {
      for (const change of realChanges(order)) {
        const { hash, deps, actor, seq, startOp, time, ops } = engine.decodeChange(change)
        const header = read(change)
        const otherActors = new Set([...JSON.stringify(ops).matchAll(/"\d+@([0-9a-f]{32})"/g)].map(([, named]) => named).filter((named) => named !== actor))
        expect({ ...header, hash: hex(header.hash), deps: header.deps.map(hex), actor: hex(header.actor), otherActors: header.otherActors.map(hex) })
          .to.deep.equal({ hash, deps: [...deps], actor, seq, startOp, time, opCount: ops.length, otherActors: [...otherActors].sort() })
      }
    }), { numRuns: 20 })
    expect(first.some((change) => read(change).deps.length > 1)).to.equal(true)
  })

  it('reads what is encoded by hand as Automerge does', () => {
    const { hash, ops } = engine.decodeChange(small)
    expect([hex(read(small).hash), read(small).opCount, read(small).time]).to.deep.equal([hash, ops.length, -3])
  })

  it('refuses a change that is cut short anywhere', () => {
    for (let length = 0; length < small.length; length++) refuses(small.subarray(0, length))
  })

  it('refuses a change that anything follows: a byte, or another change', () => {
    refuses(Buffer.concat([small, Uint8Array.of(0)]))
    refuses(Buffer.concat([small, small]))
  })

  it('refuses a change with any one bit flipped', () => {
    for (let bit = 0; bit < small.length * 8; bit++) refuses(flip(small, bit))
  })

  it('throws nothing but RangeError when a bit is flipped and the checksum mended, and gives another hash if it reads on', () => {
    const { hash } = read(small)
    for (let bit = 0; bit < (small.length - 8) * 8; bit++) {
      const forged = chunkOfBody(flip(small.subarray(8), bit))
      try {
        expect(hex(read(forged).hash)).not.to.equal(hex(hash))
      } catch (error) {
        expect(error).to.be.instanceOf(RangeError)
      }
    }
  })

  it('throws nothing but RangeError, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (content) => {
      try {
        read(chunk(content))
      } catch (error) {
        expect(error).to.be.instanceOf(RangeError)
      }
    }))
  })

  it('refuses a change that says it is shorter or longer than it is, though its checksum fits', () => {
    const content = small.subarray(10)
    for (const more of [-1, 1]) refuses(chunkOfBody(Buffer.concat([Uint8Array.of(1), leb128(content.length + more), content])), 'cut short')
  })

  it('refuses other chunks: documents, deflated changes and bundles', () => {
    for (const type of [0, 2, 3]) refuses(chunk(small.subarray(10), type), 'not an uncompressed')
  })
})

function flip (bytes: Uint8Array, bit: number): Uint8Array {
  return Uint8Array.from(bytes, (byte, index) => index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)
}
