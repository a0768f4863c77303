import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { allWrapped, harmlessCases, secretCases } from './adversarial/cases.ts'
import { kinds } from './adversarial/secret-kinds.ts'
import { scannerOf } from './support.ts'

const scanner = scannerOf()
const doc = readFileSync(new URL('../../docs/guard.md', import.meta.url), 'utf8')
const isFound = ({ value }: { readonly value: unknown }) => scanner.scan(value).length > 0
const percent = (part: number, all: number) => `${Math.floor(part / all * 1000) / 10} %`

describe('the adversarial set', () => {
  it('has over 40 formats of secrets, over 100 of them, and over 100 look-alikes, each with a name of its own', () => {
    const names = [...secretCases, ...harmlessCases].map(({ name }) => name)
    expect([kinds.length > 40, secretCases.length > 100, harmlessCases.length > 100, new Set(names).size === names.length]).to.deep.equal([true, true, true, true])
  })

  it('is recalled whole, as docs/guard.md says', () => {
    expect(secretCases.filter((each) => !isFound(each)).map(({ name }) => name)).to.deep.equal([])
    expect(doc).to.include(`| Secrets of the set (${secretCases.length}) | ${percent(secretCases.length, secretCases.length)} found |`)
  })

  it('has no look-alike that is refused, as docs/guard.md says', () => {
    expect(harmlessCases.filter(isFound).map(({ name }) => name)).to.deep.equal([])
    expect(doc).to.include(`| Look-alikes of the set (${harmlessCases.length}) | 0 % refused |`)
  })

  it('is found in every wrapping as often as docs/guard.md says', () => {
    const found = allWrapped.filter(isFound).length
    expect(doc).to.include(`| Every kind in every wrapping (${allWrapped.length}) | ${percent(found, allWrapped.length)} found |`)
  }).timeout(60_000)
})
