import { expect } from 'chai'
import fc from 'fast-check'
import { LineSplitter, readLines } from '../../packages/cli/src/line-splitter.ts'

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ''))
    fc.assert(fc.property(fc.array(line, { minLength: 1 }), fc.array(fc.nat(12)), fc.constantFrom('\n', '\r\n'), (lines, cuts, end) => {
      const splitter = new LineSplitter()
      const found = cut(Buffer.from(lines.map((text) => text + end).join('')), cuts).flatMap((chunk) => splitter.push(chunk))
      expect([...found, ...splitter.end()]).to.deep.equal(lines)
    }))
  })

  it('keeps an unfinished line until the end', () => {
    const splitter = new LineSplitter()
    expect([splitter.push(Buffer.from('a\nb')), splitter.end(), splitter.end()]).to.deep.equal([['a'], ['b'], []])
  })

  it('refuses input that never ends a line', () => {
    const splitter = new LineSplitter()
    const push = () => { for (let mebibyte = 0; mebibyte < 6; mebibyte++) splitter.push(Buffer.alloc(1_048_576, 'x')) }
    expect(push).to.throw().with.property('code', 'MESH_ENTRY_TOO_LARGE')
  })
})

describe('readLines', () => {
  it('gives with each step what has come in, and at last the rest', async () => {
    const batches: (readonly string[])[] = []
    for await (const lines of readLines(chunks('a\nb\nc', 'd\n', 'e'))) batches.push(lines)
    expect(batches).to.deep.equal([['a', 'b'], ['cd'], [], ['e']])
  })
})

async function * chunks (...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

function cut (bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let rest = bytes
  for (const size of sizes) {
    pieces.push(rest.subarray(0, size))
    rest = rest.subarray(size)
  }
  return [...pieces, rest]
}
