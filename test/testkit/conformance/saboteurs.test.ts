import { expect } from 'chai'
import { ConformanceError, discoveryCases, transportCases, type ConformanceCase } from '@akshi/testkit'
import { discoverySaboteurs } from './discovery-saboteurs.ts'
import { lifeSaboteurs, peerSaboteurs } from './peer-saboteurs.ts'
import type { Saboteur } from './sabotage.ts'
import { sharedSaboteurs } from './shared-saboteurs.ts'

type Saboteurs<Subject> = Readonly<Record<string, Saboteur<Subject>>>

const transportSaboteurs = { ...peerSaboteurs, ...sharedSaboteurs, ...lifeSaboteurs }

/** Those in real time run at once: most of their time goes into waiting for what never comes. */
function describeSaboteurs<Subject> (title: string, cases: readonly ConformanceCase<Subject>[], saboteurs: Saboteurs<Subject>, runAtOnce = false): void {
  describe(title, () => {
    const fail = ({ name, run }: ConformanceCase<Subject>) => run((saboteurs[name] as Saboteur<Subject>).subject).then(() => 'it passes', (error: unknown) => error)
    let failures: readonly Promise<unknown>[] = []
    before(() => { failures = runAtOnce ? cases.map(fail) : [] })

    for (const [index, each] of cases.entries()) {
      it(`is found out by "${each.name}", and told why`, async () => {
        const says = saboteurs[each.name]?.says ?? ''
        const error = await (failures[index] ?? fail(each))
        expect([error instanceof ConformanceError, String(error).includes(says) ? says : String(error)]).to.deep.equal([true, says])
      })
    }
  })
}

describe('Saboteurs', () => {
  it('are there for each case, and for nothing else', () => {
    const names = [transportCases, discoveryCases].map((cases) => cases.map(({ name }) => name).sort())
    expect([transportSaboteurs, discoverySaboteurs].map((saboteurs) => Object.keys(saboteurs).sort())).to.deep.equal(names)
  })
})

describeSaboteurs('A transport that breaks a promise', transportCases.filter(({ reach }) => reach !== 'shared'), transportSaboteurs)
describeSaboteurs('A shared transport that breaks a promise', transportCases.filter(({ reach }) => reach === 'shared'), transportSaboteurs, true)
describeSaboteurs('A discovery that breaks a promise', discoveryCases, discoverySaboteurs)
