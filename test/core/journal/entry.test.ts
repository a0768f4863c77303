import { expect } from 'chai'
import fc from 'fast-check'
import { entryText, maxEntryBytes, prepareEntry, readEntry } from '../../../packages/core/src/journal/entry.ts'
import { codeOf } from '../../support/failures.ts'
import { identities } from '../arbitraries.ts'

const id = '01JGFJJZ00' + '0'.repeat(16)
const origin = identities[0].did

describe('an entry', () => {
  it('is read as it was written, for any JSON value and kind', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.string({ minLength: 1, maxLength: 64 }), (body, kind) => {
      const text = entryText(id, prepareEntry({ kind, body }))
      expect(readEntry(text, origin)).to.deep.equal({ id, at: '2025-01-01T00:00:00.000Z', origin, kind, body: JSON.parse(JSON.stringify(body)) as unknown })
    }))
  })

  it('is a note unless it says otherwise', () => {
    expect(prepareEntry({ body: [1] })).to.deep.equal({ kind: 'note', body: '[1]' })
  })

  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  const bodies = { 'a cycle': cycle, 'a bigint': { n: 1n }, nothing: undefined, 'a function': () => {}, 'a symbol': Symbol('x'), 'a toJSON that throws': { toJSON () { throw new Error('no') } } }
  for (const [what, body] of Object.entries(bodies)) {
    it(`is refused when its body is ${what}`, async () => {
      expect(await codeOf(() => prepareEntry({ body }))).to.equal('MESH_ENTRY_INVALID')
    })
  }

  it('is refused when its kind is not a short text', async () => {
    for (const kind of ['', 'x'.repeat(65), 7 as unknown as string]) expect(await codeOf(() => prepareEntry({ kind, body: 1 }))).to.equal('MESH_ENTRY_INVALID')
  })

  it('has at most 256 KiB, counted in bytes of its JSON', async () => {
    const largest = 'é'.repeat((maxEntryBytes - 2) / 2)
    expect(prepareEntry({ body: largest }).body.length).to.equal(largest.length + 2)
    expect(await codeOf(() => prepareEntry({ body: `${largest}x` }))).to.equal('MESH_ENTRY_TOO_LARGE')
  })

  it('is not one when its text was written by other rules', () => {
    const texts = ['', 'null', '7', '[]', '{}', `{"id":"${id}","kind":"x"}`, `{"id":"${id}","kind":1,"body":1}`, '{"id":"x","kind":"x","body":1}', '{"id":7,"kind":"x","body":1}', `{"id":"${id}","kind":"x","body":}`]
    expect(texts.map((text) => readEntry(text, origin))).to.deep.equal(texts.map(() => undefined))
  })
})
