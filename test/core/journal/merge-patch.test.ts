import { expect } from 'chai'
import { mergePatch } from '../../../packages/core/src/journal/merge-patch.ts'

/** The examples of RFC 7396, appendix A, whose target and patch are objects. */
const examples: readonly (readonly [target: object, patch: Record<string, unknown>, result: object])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }]
]

describe('mergePatch', () => {
  for (const [target, patch, result] of examples) {
    it(`makes ${JSON.stringify(result)} of ${JSON.stringify(target)} and ${JSON.stringify(patch)}`, () => {
      const draft = structuredClone(target) as Record<string, unknown>
      mergePatch(draft, patch)
      expect(draft).to.deep.equal(result)
    })
  }

  it('replaces lists and bytes as a whole', () => {
    const draft: Record<string, unknown> = { list: [1, 2, 3], bytes: { was: 'an object' } }
    mergePatch(draft, { list: [4], bytes: Uint8Array.of(1) })
    expect(draft).to.deep.equal({ list: [4], bytes: Uint8Array.of(1) })
  })
})
