import { expect } from 'chai'
import { didYouMean, suggest } from '../../packages/core/src/config-suggest.ts'

const candidates = ['port', 'interfaces', 'name', 'node_did']

describe('suggest', () => {
  it('finds what a slip of the pen was meant to be: a letter wrong, missing, too many, or two swapped', () => {
    expect(['porr', 'prt', 'portt', 'prot', 'nmae', 'interface', 'interfcaes'].map((name) => suggest(name, candidates)))
      .to.deep.equal(['port', 'port', 'port', 'port', 'name', 'interfaces', 'interfaces'])
  })

  it('finds nothing when nothing is near, or there is nothing', () => {
    expect([suggest('colour', candidates), suggest('port', []), didYouMean('colour', candidates), didYouMean('prot', candidates)])
      .to.deep.equal([undefined, undefined, '', '; did you mean "port"?'])
  })
})
