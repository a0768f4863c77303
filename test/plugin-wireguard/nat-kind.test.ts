import { expect } from 'chai'
import { isTelling, natKind, whyNoTunnel, type NatKind, type Sighting } from '../../packages/plugin-wireguard/src/nat-kind.ts'

const isOwn = (host: string) => host === '192.168.1.2'
const at = (port: number, host = '203.0.113.11') => ({ host, port })
const kindOf = (...sightings: Omit<Sighting, 'by'>[]) => natKind(sightings.map((sighting, number) => ({ ...sighting, by: `fd00::${number}` })), isOwn)

describe('natKind', () => {
  it('is not known when nobody has said where the node is seen', () => {
    expect(kindOf()).to.equal('unknown')
  })

  it('is none when all see it at its own address', () => {
    expect(kindOf({ at: at(51820, '192.168.1.2') }, { at: at(51820, '192.168.1.2') })).to.equal('none')
  })

  it('is a NAT of a kind not known when one sees it elsewhere, whatever those on its own side see', () => {
    expect(kindOf({ at: at(51820, '192.168.1.2') }, { at: at(1) })).to.equal('nat')
  })

  it('is a cone when what went to two places came from one port', () => {
    expect([kindOf({ at: at(1), also: at(1) }), kindOf({ at: at(1) }, { at: at(1) })]).to.deep.equal(['cone', 'cone'])
  })

  it('is symmetric when what went to two places came from two', () => {
    expect([kindOf({ at: at(1), also: at(2) }), kindOf({ at: at(1) }, { at: at(2) }), kindOf({ at: at(1), also: at(1) }, { at: at(1, '203.0.113.12') })]).to.deep.equal(Array(3).fill('symmetric'))
  })

  it('is worth telling once it says something', () => {
    expect((['none', 'cone', 'symmetric', 'blocked', 'nat', 'unknown'] as const).map(isTelling)).to.deep.equal([true, true, true, true, false, false])
  })
})

describe('whyNoTunnel', () => {
  const cases: readonly (readonly [NatKind, NatKind, string | undefined])[] = [
    ['symmetric', 'symmetric', 'both NATs are symmetric'],
    ['symmetric', 'cone', 'the NAT of this node is symmetric'],
    ['nat', 'symmetric', 'its NAT is symmetric'],
    ['blocked', 'cone', 'no UDP comes through to this node'],
    ['cone', 'blocked', 'no UDP comes through to it'],
    ['symmetric', 'none', undefined],
    ['none', 'symmetric', undefined],
    ['cone', 'cone', undefined],
    ['unknown', 'unknown', undefined]
  ]
  for (const [here, there, why] of cases) {
    it(`between ${here} and ${there}: ${why ?? 'nothing that is known'}`, () => {
      expect(whyNoTunnel(here, there)).to.equal(why)
    })
  }
})
