import { expect } from 'chai'
import { Tunnels, type TunnelStatus } from '@akshi/core'
import { seededIdentity } from '@akshi/testkit'

const [one, two] = [seededIdentity(1).did, seededIdentity(2).did]
const tunnel = (state: TunnelStatus['state'], address: string): TunnelStatus => ({ state, address, rxBytes: 0, txBytes: 0 })

describe('Tunnels', () => {
  it('are those of every network that was joined, until it is left', () => {
    const tunnels = new Tunnels()
    const leave = tunnels.join({ own: ['fd00::1'], contains: (host) => host.startsWith('fd00::'), to: (did) => did === one ? tunnel('trying', 'fd00::2') : undefined })
    tunnels.join({ own: ['fd01::1'], contains: (host) => host.startsWith('fd01::'), to: () => tunnel('up', 'fd01::2') })
    const both = [tunnels.own, tunnels.contains('fd00::7'), tunnels.contains('fd02::7'), tunnels.to(one)?.address, tunnels.to(two)?.address]
    leave()
    expect([both, tunnels.own, tunnels.contains('fd00::7')]).to.deep.equal([[['fd00::1', 'fd01::1'], true, false, 'fd01::2', 'fd01::2'], ['fd01::1'], false])
  })

  it('lead nowhere where there are none', () => {
    const tunnels = new Tunnels()
    expect([tunnels.own, tunnels.contains('fd00::1'), tunnels.to(one)]).to.deep.equal([[], false, undefined])
  })
})
