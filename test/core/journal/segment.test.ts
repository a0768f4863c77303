import { expect } from 'chai'
import fc from 'fast-check'
import { Segment, type SegmentRoot } from '../../../packages/core/src/journal/segment.ts'
import { failureOf } from '../../support/failures.ts'
import { automerge } from './automerge.ts'

const root: SegmentRoot = { journal: 'notes', previousHead: undefined }
const actor = (byte: number) => new Uint8Array(16).fill(byte)
const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `text ${from + index}`)
const texts = (segment: Segment) => segment.read(0, segment.count)

/** Runs a test with segments that are freed afterwards. */
function withSegments<Result> (test: (make: (byte: number) => Segment) => Result): Result {
  const made: Segment[] = []
  try {
    return test((byte) => {
      const segment = new Segment(0, actor(byte))
      made.push(segment)
      return segment
    })
  } finally {
    for (const segment of made) segment.free()
  }
}

describe('Segment', () => {
  it('reads the same and has the same heads where its changes were applied, however they were cut', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }), fc.nat(5), (sizes, pause) => withSegments((make) => {
      const [writer, reader] = [make(1), make(2)]
      let written = 0
      const changes = sizes.map((size) => {
        const { change } = writer.append(numbered(size, written), 0, root)
        written += size
        return change
      })
      if (pause > 0 && pause < changes.length) reader.apply(actor(1), changes.splice(0, pause))
      reader.apply(actor(1), changes)
      expect([texts(reader), reader.count, reader.heads]).to.deep.equal([numbered(written), written, writer.heads])
      expect(texts(writer)).to.deep.equal(numbered(written))
    })), { numRuns: 25 })
  })

  for (const count of [1, 255, 256, 257, 512, 513]) {
    it(`keeps ${count} entries in lists of 256, written at once or one by one`, () => withSegments((make) => {
      const [atOnce, oneByOne, reader] = [make(1), make(2), make(3)]
      const { change } = atOnce.append(numbered(count), 0, root)
      for (const text of numbered(count)) oneByOne.append([text], 0, root)
      reader.apply(actor(1), [change])
      expect([atOnce, oneByOne, reader].map(texts)).to.deep.equal([numbered(count), numbered(count), numbered(count)])
      expect(listLengths(change)).to.deep.equal(Array.from({ length: Math.ceil(count / 256) }, (_, list) => Math.min(256, count - list * 256)))
    }))
  }

  it('reads any range', () => withSegments((make) => {
    const segment = make(1)
    for (let written = 0; written < 600; written += 60) segment.append(numbered(60, written), 0, root)
    fc.assert(fc.property(fc.integer({ min: -10, max: 650 }), fc.integer({ min: -10, max: 650 }), (from, to) => {
      expect(segment.read(from, to)).to.deep.equal(numbered(600).slice(Math.max(0, from), Math.max(0, to)))
    }))
  }))

  it('keeps the entries of several actors in the order in which they came', () => withSegments((make) => {
    const [one, two, three] = [make(1), make(2), make(3)]
    const first = one.append(numbered(300), 0, root).change
    two.apply(actor(1), [first])
    const second = two.append(numbered(300, 300), 0, root).change
    one.apply(actor(2), [second])
    const third = one.append(numbered(10, 600), 0, root).change
    two.apply(actor(1), [third])
    three.apply(actor(1), [first])
    three.apply(actor(2), [second])
    three.apply(actor(1), [third])
    expect([one, two, three].map(texts)).to.deep.equal([numbered(610), numbered(610), numbered(610)])
    expect([two.heads, three.heads]).to.deep.equal([one.heads, one.heads])
  }))

  it('says in its first change what it is, and gives the head that the change makes', () => withSegments((make) => {
    const segment = make(1)
    const first = segment.append(['a'], 5, { journal: 'notes', previousHead: new Uint8Array(32).fill(9) })
    const second = segment.append(['b'], 6, root)
    const { hash, deps, actor: author, seq } = automerge.decodeChange(second.change)
    expect([hash, deps, author, seq]).to.deep.equal([hex(second.head), [hex(first.head)], '01'.repeat(16), 2])
    expect(segment.heads.map(hex)).to.deep.equal([hash])
    expect(rootOf(first.change)).to.deep.equal({ v: '1', journal: 'notes', segment: '0', prev: '09'.repeat(32) })
  }))

  it('does not take a change whose predecessor is missing', async () => {
    const [one, two] = [new Segment(0, actor(1)), new Segment(0, actor(2))]
    one.append(['a'], 0, root)
    const { change } = one.append(['b'], 0, root)
    expect(await failureOf(() => two.apply(actor(1), [change]))).to.be.instanceOf(RangeError)
    one.free()
  })

  it('refuses to append nothing', () => withSegments((make) => {
    const segment = make(1)
    segment.append(['a'], 0, root)
    expect(() => segment.append([], 0, root)).to.throw(TypeError)
  }))
})

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** What is in a document that is made of one change, by key. */
function documentOf (change: Uint8Array): [key: string, value: unknown][] {
  return Object.entries(automerge.applyChanges(automerge.init(), [change])[0])
}

function listLengths (change: Uint8Array): number[] {
  return documentOf(change).flatMap(([, value]) => Array.isArray(value) && value.every((text) => automerge.isImmutableString(text)) ? [value.length] : [])
}

function rootOf (change: Uint8Array): Record<string, string> {
  const plain = documentOf(change).filter(([, value]) => !Array.isArray(value))
  return Object.fromEntries(plain.map(([key, value]) => [key, value instanceof Uint8Array ? hex(value) : String(value)]))
}
