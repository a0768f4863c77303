import { expect } from 'chai'
import { silentLogger } from '@akshi/core'
import { HookBoard, type Hooks, type TransportChoice } from '../../../packages/core/src/hooks.ts'
import type { PeerView } from '../../../packages/core/src/peer-book.ts'
import { planTransports, usualReason, type TransportPlan } from '../../../packages/core/src/sync/transport-plan.ts'
import type { Transport } from '../../../packages/core/src/transport.ts'
import { codeOf } from '../../support/failures.ts'

const reachable = { name: 'beta', addresses: [{ host: '192.0.2.1', port: 1 }] } as unknown as PeerView
const lost = { name: 'beta', addresses: [] as unknown } as PeerView
const transports = new Map(Object.entries({ fs: 'shared', http: 'peer', usb: 'shared', quic: 'peer' } as const).map(([name, reach]) => [name, { reach } as Transport]))

function plan (peer: PeerView, tap?: Parameters<Hooks['selectTransport']['tap']>[1], among = transports): TransportPlan {
  const { hooks } = new HookBoard(silentLogger)
  if (tap !== undefined) hooks.selectTransport.tap('test', tap)
  return planTransports(peer, among, hooks)
}

describe('planTransports', () => {
  it('dials the first transport with links of its own, and falls back to all that is shared', () => {
    expect(plan(reachable)).to.deep.equal({ direct: 'http', shared: ['fs', 'usb'], reason: usualReason })
  })

  it('has only what is shared for a peer without an address', () => {
    expect(plan(lost)).to.deep.equal({ direct: undefined, shared: ['fs', 'usb'], reason: 'no address of it is known' })
  })

  it('has nothing when there is nothing', () => {
    expect(plan(reachable, undefined, new Map())).to.deep.equal({ direct: undefined, shared: [], reason: 'no address of it is known' })
  })

  it('offers taps core\'s own choice first, with the peer and reasons', () => {
    const seen: unknown[] = []
    plan(reachable, (choices, peer) => { seen.push(choices.map(({ transport, reach }) => `${transport} ${reach}`), peer, choices.every(({ reason }) => reason !== '')); return choices })
    expect(seen).to.deep.equal([['http peer', 'quic peer', 'fs shared', 'usb shared'], reachable, true])
  })

  it('follows a tap that reorders or shortens', () => {
    const only = (...names: string[]) => plan(reachable, (choices) => names.flatMap((name) => choices.filter(({ transport }) => transport === name)))
    expect([only('quic', 'http', 'usb', 'fs'), only('http'), only('usb'), only()]).to.deep.equal([
      { direct: 'quic', shared: ['usb', 'fs'], reason: usualReason }, { direct: 'http', shared: [], reason: usualReason },
      { direct: undefined, shared: ['usb'], reason: 'a tap of selectTransport wants usb: while no link works' }, { direct: undefined, shared: [], reason: 'a tap of selectTransport left no way to it' }
    ])
  })

  it('does not dial what a tap puts behind something shared', () => {
    expect(plan(reachable, (choices) => choices.toReversed())).to.deep.equal({ direct: undefined, shared: ['usb', 'fs'], reason: 'a tap of selectTransport wants usb: while no link works' })
  })

  it('keeps the reason that a tap gives for its choice', () => {
    expect(plan(reachable, ([first, ...rest]) => [{ ...first as TransportChoice, reason: 'metered network' }, ...rest]).reason).to.equal('metered network')
  })

  it('passes over transports that a tap invents', () => {
    expect(plan(reachable, (choices) => [{ transport: 'pigeon', reach: 'peer', reason: '' }, ...choices])).to.deep.equal({ direct: 'http', shared: ['fs', 'usb'], reason: usualReason })
  })

  it('fails with MESH_HOOK_FAILED when a tap throws', async () => {
    expect(await codeOf(() => plan(reachable, () => { throw new Error('boom') }))).to.equal('MESH_HOOK_FAILED')
  })
})
