import { expect } from 'chai'
import type { Did } from '../../../packages/core/src/did.ts'
import { Sharing } from '../../../packages/core/src/sync/sharing.ts'
import { madeUpDid } from '../peers/peer-fixture.ts'

const [own, one, two, stranger] = [madeUpDid(0), madeUpDid(1), madeUpDid(2), madeUpDid(3)]
const names = new Map([[one, 'alpha'], [two, 'beta']])
const book = { operatorNameOf: (did: Did) => names.get(did), trusts: (did: Did) => names.has(did) }
const sharing = new Sharing(own, book, [
  { name: 'open' }, { name: 'by-did', share: [one] }, { name: 'by-name', share: ['beta'] }, { name: 'private', share: [] }
])
const everybody = [own, one, two, stranger]

describe('Sharing', () => {
  it('admits this node and trusted peers', () => {
    expect(everybody.map((did) => sharing.admits(did))).to.deep.equal([true, true, true, false])
  })

  const expected = { open: [true, true, true, false], 'not listed': [true, true, true, false], 'by-did': [true, true, false, false], 'by-name': [true, false, true, false], private: [true, false, false, false] }
  for (const [journal, shares] of Object.entries(expected)) {
    it(`gives the journal "${journal}" to whom the configuration names, and to nobody untrusted`, () => {
      expect(everybody.map((did) => sharing.shares(journal, did))).to.deep.equal(shares)
    })
  }

  it('lets those read in a shared folder what everybody gets, and nothing else', () => {
    expect(Object.keys(expected).filter((journal) => sharing.isPublic(journal))).to.deep.equal(['open', 'not listed'])
  })
})
