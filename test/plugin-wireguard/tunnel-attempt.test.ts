import { expect } from 'chai'
import type { Address } from '@akshi/core'
import { createTunnelKey, tunnelAddress, type WgDevice, type WgPeer, type WgPeerState } from '@akshi/plugin-wireguard'
import { seededIdentity, seededRandom, VirtualClock } from '@akshi/testkit'
import { TunnelAttempt } from '../../packages/plugin-wireguard/src/tunnel-attempt.ts'
import type { WantedTunnel } from '../../packages/plugin-wireguard/src/wanted-tunnel.ts'

const { publicKey } = createTunnelKey()
const address = tunnelAddress(publicKey)
const places = ['198.51.100.1', '198.51.100.2'].map((host) => ({ host, port: 51_820 }))
const wanted: WantedTunnel = { did: seededIdentity(1).did, name: 'beta', publicKey, address, endpoints: places, meshPort: 3210 }
const moved = { host: '198.51.100.1', port: 40_002 }

/** An attempt over a device that notes what it is told, and gives no handshake by itself. */
async function begin (tunnel = wanted, resolve: (host: string) => Promise<string | undefined> = async () => undefined) {
  const clock = new VirtualClock()
  const calls: { readonly at: number, readonly call: string, readonly endpoint: Address | undefined, readonly keepaliveSecs: number }[] = []
  const note = (call: string) => async ({ endpoint, keepaliveSecs }: WgPeer) => { calls.push({ at: clock.monotonic(), call, endpoint, keepaliveSecs }) }
  let late: readonly WgPeerState[] = []
  const device = { readd: note('readd'), setPeer: note('set'), peers: async () => late } as unknown as WgDevice
  const attempt = new TunnelAttempt(tunnel, { device, clock, random: seededRandom(1), keepaliveSecs: 25, resolve, isNear: (host) => host.startsWith('10.') })
  await attempt.want(tunnel, [])
  const step = async (state?: Partial<WgPeerState>) => await attempt.step({ publicKey, address, keepaliveSecs: 25, rxBytes: 0, txBytes: 0, ...state })
  const pass = async (ms: number, state?: Partial<WgPeerState>) => { for (let left = ms; left > 0; left -= 100) { await clock.advance(100); await step(state) } }
  const come = (lastHandshakeMs: number | undefined) => { late = [{ publicKey, address, keepaliveSecs: 25, rxBytes: 1, txBytes: 1, ...lastHandshakeMs !== undefined && { lastHandshakeMs } }] }
  return { clock, calls, attempt, step, pass, come }
}

describe('TunnelAttempt', () => {
  it('tries the places one after the other, about every 600 ms at first and now and then later', async () => {
    const { calls, step, pass } = await begin()
    await step()
    await pass(10_000)
    expect(calls.slice(0, 4).map(({ call, endpoint }) => [call, endpoint])).to.deep.equal([['readd', places[0]], ['readd', places[1]], ['readd', places[0]], ['readd', places[1]]])
    expect(calls.length).to.be.within(12, 24)
    const before = calls.length
    await pass(60_000)
    expect(calls.length - before).to.be.within(2, 6)
  })

  it('is up from a handshake on, for three minutes, and leaves the tunnel alone meanwhile', async () => {
    const { clock, calls, attempt, step, pass } = await begin()
    await step()
    const lastHandshakeMs = clock.now()
    await pass(179_000, { lastHandshakeMs })
    const during = [attempt.isUp, calls.length]
    await pass(2_000, { lastHandshakeMs })
    expect([during, attempt.isUp, calls.length > 1]).to.deep.equal([[true, 1], false, true])
  })

  it('tries nothing when the peer has come by itself a moment ago', async () => {
    const { clock, calls, attempt, step, come } = await begin()
    come(clock.now())
    await step()
    expect([calls, attempt.isUp]).to.deep.equal([[], true])
  })

  it('tries nothing in the moment in which the first packet of a peer has come, which is no session yet', async () => {
    const { calls, step, come, pass } = await begin()
    come(undefined)
    await step()
    const first = calls.length
    await pass(2_000, { rxBytes: 1 })
    expect([first, calls.length > 0]).to.deep.equal([0, true])
  })

  it('tries first what is near, then where others see the peer, then the rest', async () => {
    const near = { host: '10.0.0.7', port: 51_820 }
    const { calls, attempt, pass } = await begin({ ...wanted, endpoints: [...places, near] })
    await attempt.want({ ...wanted, endpoints: [...places, near] }, [moved])
    await pass(3_500)
    expect(calls.slice(0, 4).map(({ endpoint }) => endpoint)).to.deep.equal([near, moved, ...places])
  })

  it('hurries again when it is told of a new place', async () => {
    const { calls, attempt, step, pass } = await begin()
    await step()
    await pass(40_000)
    const before = calls.length
    await attempt.want(wanted, [moved])
    await pass(3_000)
    expect(calls.slice(before).map(({ endpoint }) => endpoint)).to.deep.include(moved)
  })

  it('follows a peer to where others see it when nothing comes from it any more, and keeps its session', async () => {
    const { clock, calls, attempt, step, pass } = await begin()
    await step()
    const lastHandshakeMs = clock.now()
    const here = { lastHandshakeMs, endpoint: places[0] as Address }
    for (let rxBytes = 0; rxBytes < 20; rxBytes++) await pass(100, { ...here, rxBytes })
    await attempt.want(wanted, [moved])
    await pass(1_300, { ...here, rxBytes: 19 })
    const quiet = calls.length
    await pass(500, { ...here, rxBytes: 19 })
    expect([quiet, calls.slice(1).map(({ call, endpoint, keepaliveSecs }) => [call, endpoint, keepaliveSecs])]).to.deep.equal([1, [['set', moved, 0], ['set', moved, 25]]])
  })

  it('does not follow while something comes, nor to where the peer is already', async () => {
    const { clock, calls, attempt, step, pass } = await begin()
    await step()
    const lastHandshakeMs = clock.now()
    await attempt.want(wanted, [moved])
    for (let rxBytes = 0; rxBytes < 40; rxBytes++) await pass(100, { lastHandshakeMs, endpoint: places[0] as Address, rxBytes })
    await pass(4_000, { lastHandshakeMs, endpoint: moved, rxBytes: 39 })
    expect(calls.length).to.equal(1)
  })

  it('looks names up, passes over those that have no address, and waits where there is no place at all', async () => {
    const names = { ...wanted, endpoints: [{ host: 'gone.example', port: 1 }, { host: 'there.example', port: 2 }] }
    const { calls, step } = await begin(names, async (host) => host.startsWith('there') ? '203.0.113.9' : undefined)
    await step()
    const nowhere = await begin({ ...wanted, endpoints: [] })
    await nowhere.pass(5_000)
    expect([calls.map(({ endpoint }) => endpoint), nowhere.calls]).to.deep.equal([[{ host: '203.0.113.9', port: 2 }], []])
  })
})
