import { expect } from 'chai'
import { makePlan, mutations, simulate, type Mutation } from '@akshi/testkit'

/** A seed that finds each, as listed in docs/testing.md. */
const seeds: Readonly<Record<Mutation, number>> = {
  'lying sync': 55,
  'early ack': 55,
  'trusts all': 6,
  'shares with all': 14,
  'wrong order': 12,
  withhold: 3,
  'forwards nothing': 6,
  'drops the last': 10,
  'says the same': 3,
  'never asks': 35,
  'keeps from folders': 21,
  'holds for ever': 6
}
const { SOAK, SEED = '1' } = process.env
const within = 500

/** The first seed that finds a mutation; when the engine has changed, another than before may. */
async function search (mutation: Mutation, from: number): Promise<number | undefined> {
  for (let seed = from; seed < from + within; seed++) {
    const { problems } = await simulate(makePlan({ seed, nodes: 2 + seed % 3, minutes: 0.5 }), { mutation })
    if (problems.length > 0) return seed
  }
}

describe('The simulator, when a node is broken on purpose', function () {
  this.timeout(SOAK === '1' ? 1_800_000 : 60_000)

  for (const mutation of mutations) {
    it(`finds "${mutation}" within ${within} seeds`, async () => {
      const found = await search(mutation, SOAK === '1' ? Number(SEED) : seeds[mutation])
      expect(found).to.be.a('number')
      if (SOAK === '1') console.log(`      by seed ${found}`)
    })
  }
})
