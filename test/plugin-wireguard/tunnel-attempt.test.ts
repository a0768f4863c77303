import { expect } from 'chai'
import type { Address } from '@akshi/core'
import { createTunnelKey, tunnelAddress, type WgDevice, type WgKey, type WgPeer, type WgPeerState } from '@akshi/plugin-wireguard'
import { seededIdentity, seededRandom, VirtualClock } from '@akshi/testkit'
import { TunnelAttempt } from '../../packages/plugin-wireguard/src/tunnel-attempt.ts'
import type { WantedTunnel } from '../../packages/plugin-wireguard/src/wanted-tunnel.ts'

const [publicKey, own] = [createTunnelKey().publicKey, createTunnelKey().publicKey].sort() as [WgKey, WgKey]
const address = tunnelAddress(publicKey)
const places = ['198.51.100.1', '198.51.100.2'].map((host) => ({ host, port: 51_820 }))
const wanted: WantedTunnel = { did: seededIdentity(1).did, name: 'beta', publicKey, address, endpoints: places, meshPort: 3210, nat: 'unknown' }
const moved = { host: '198.51.100.1', port: 40_002 }

/** An attempt over a device that notes what it is told, and gives no handshake by itself. */
async function begin (tunnel = wanted, resolve: (host: string) => Promise<string | undefined> = async () => undefined) {
  const clock = new VirtualClock()
  const calls: { readonly at: number, readonly call: string, readonly endpoint: Address | undefined, readonly keepaliveSecs: number }[] = []
  const note = (call: string) => async ({ endpoint, keepaliveSecs }: WgPeer) => { calls.push({ at: clock.monotonic(), call, endpoint, keepaliveSecs }) }
  let late: readonly WgPeerState[] = []
  const device = { readd: note('readd'), setPeer: note('set'), peers: async () => late } as unknown as WgDevice
  const attempt = new TunnelAttempt(tunnel, { device, own, clock, random: seededRandom(1), keepaliveSecs: 25, resolve, isNear: (host) => host.startsWith('10.') })
  await attempt.want(tunnel, [])
  const step = async (state?: Partial<WgPeerState>) => await attempt.step({ publicKey, address, keepaliveSecs: 25, rxBytes: 0, txBytes: 0, ...state })
  const pass = async (ms: number, state?: Partial<WgPeerState>) => { for (let left = ms; left > 0; left -= 100) { await clock.advance(100); await step(state) } }
  const come = (lastHandshakeMs: number | undefined) => { late = [{ publicKey, address, keepaliveSecs: 25, rxBytes: 1, txBytes: 1, ...lastHandshakeMs !== undefined && { lastHandshakeMs } }] }
  const readds = () => calls.filter(({ call }) => call === 'readd')
  return { clock, calls, readds, attempt, step, pass, come }
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

  it('is up from a handshake on, for three minutes, and does not call meanwhile', async () => {
    const { clock, readds, attempt, step, pass } = await begin()
    await step()
    const lastHandshakeMs = clock.now()
    await pass(300, { lastHandshakeMs, rxBytes: 92, txBytes: 180 })
    await pass(178_700, { lastHandshakeMs, rxBytes: 124, txBytes: 180 })
    const during = [attempt.isUp, readds().length]
    await pass(2_000, { lastHandshakeMs, rxBytes: 124, txBytes: 180 })
    expect([during, attempt.isUp, readds().length > 1]).to.deep.equal([[true, 1], false, true])
  })

  it('sends something after a handshake, so that both ends know of the session, and then is quiet', async () => {
    const { clock, calls, step, pass } = await begin()
    await step()
    const lastHandshakeMs = clock.now()
    await step({ lastHandshakeMs, rxBytes: 92, txBytes: 148 })
    expect(calls.slice(1).map(({ call, keepaliveSecs }) => [call, keepaliveSecs])).to.deep.equal([['set', 0], ['set', 25]])
    await pass(1_500, { lastHandshakeMs, rxBytes: 124, txBytes: 180 })
    const after = calls.length
    await pass(60_000, { lastHandshakeMs, rxBytes: 124, txBytes: 180 })
    expect(calls.length).to.equal(after)
  })

  it('is not up when nothing answers what is sent for four seconds, nor when nothing at all comes after a handshake', async () => {
    const { clock, attempt, pass } = await begin()
    const lastHandshakeMs = clock.now()
    await pass(1_900, { lastHandshakeMs, rxBytes: 92, txBytes: 180 })
    const fresh = attempt.isUp
    await pass(300, { lastHandshakeMs, rxBytes: 92, txBytes: 180 })
    const unheard = attempt.isUp
    await pass(60_000, { lastHandshakeMs, rxBytes: 124, txBytes: 180 })
    const idle = attempt.isUp
    await pass(3_900, { lastHandshakeMs, rxBytes: 124, txBytes: 300 })
    expect([fresh, unheard, idle, attempt.isUp]).to.deep.equal([true, false, true, true])
    await pass(300, { lastHandshakeMs, rxBytes: 124, txBytes: 300 })
    expect(attempt.isUp).to.equal(false)
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

  it('follows a peer to where others see it when nothing answers there any more, and keeps its session', async () => {
    const { clock, calls, readds, attempt, step, pass } = await begin()
    await step()
    const here = { lastHandshakeMs: clock.now(), endpoint: places[0] as Address }
    await pass(100, { ...here, rxBytes: 92, txBytes: 180 })
    await pass(4_000, { ...here, rxBytes: 124, txBytes: 180 })
    await attempt.want(wanted, [moved])
    const there = () => calls.filter(({ endpoint }) => endpoint === moved).map(({ call, keepaliveSecs }) => [call, keepaliveSecs])
    await pass(1_500, { ...here, rxBytes: 124, txBytes: 300 })
    const before = there()
    await pass(400, { ...here, rxBytes: 124, txBytes: 300 })
    expect([before, there(), readds().length]).to.deep.equal([[], [['set', 0], ['set', 25]], 1])
  })

  it('does not follow while something comes, or nothing is sent, nor to where the peer is already', async () => {
    const { clock, calls, attempt, step, pass } = await begin()
    await step()
    const here = { lastHandshakeMs: clock.now(), endpoint: places[0] as Address }
    await attempt.want(wanted, [moved])
    for (let look = 1; look < 40; look++) await pass(100, { ...here, rxBytes: 96 * look, txBytes: 112 * look })
    await pass(10_000, { ...here, rxBytes: 96 * 39, txBytes: 112 * 39 })
    await pass(3_000, { ...here, endpoint: moved, rxBytes: 96 * 39, txBytes: 112 * 41 })
    expect(calls.filter(({ endpoint }) => endpoint === moved)).to.deep.equal([])
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
