import { expect } from 'chai'
import fc from 'fast-check'
import { createIdentity, type Address } from '@akshi/core'
import { applyPlan, createTunnelKey, planPeers, sharedKeys, tunnelAddress, type DesiredPeer, type WgDevice, type WgKey, type WgPeer, type WgPeerState } from '@akshi/plugin-wireguard'

const nowMs = 1_000_000_000
const dids = Array.from({ length: 4 }, () => createIdentity().did).sort()
const keys = Array.from({ length: 4 }, () => createTunnelKey().publicKey)
const places: readonly Address[] = [{ host: '192.0.2.1', port: 1 }, { host: '192.0.2.1', port: 2 }, { host: '2001:db8::1', port: 1 }, { host: '2001:DB8:0::1', port: 1 }]

const keepaliveSecs = fc.constantFrom(0, 25)
const desiredPeer: fc.Arbitrary<DesiredPeer> = fc.record({
  did: fc.constantFrom(...dids), publicKey: fc.constantFrom(...keys), endpoints: fc.subarray([...places]), keepaliveSecs
})
const peerState: fc.Arbitrary<WgPeerState> = fc.record({
  publicKey: fc.constantFrom(...keys),
  address: fc.constantFrom('', ...keys.map(tunnelAddress)),
  keepaliveSecs,
  rxBytes: fc.nat(),
  txBytes: fc.nat()
}).chain((state) => fc.record({
  state: fc.constant(state), endpoint: fc.option(fc.constantFrom(...places, { host: '198.51.100.9', port: 9 })), ageMs: fc.option(fc.constantFrom(0, 179_999, 180_000, 900_000))
})).map(({ state, endpoint, ageMs }) => ({ ...state, ...endpoint === null ? {} : { endpoint }, ...ageMs === null ? {} : { lastHandshakeMs: nowMs - ageMs } }))
const actualPeers = fc.uniqueArray(peerState, { selector: ({ publicKey }) => publicKey })
const lives = ({ lastHandshakeMs }: WgPeerState) => lastHandshakeMs !== undefined && nowMs - lastHandshakeMs < 180_000

describe('planPeers', () => {
  it('leads in one step to the tunnels that are wanted, and then has nothing to do', async () => {
    await fc.assert(fc.asyncProperty(fc.array(desiredPeer), actualPeers, async (desired, actual) => {
      const device = new BookDevice(actual)
      await applyPlan(device, planPeers(desired, await device.peers(), nowMs))
      const after = await device.peers()
      expect(new Set(after.map(({ publicKey }) => publicKey))).to.deep.equal(new Set(desired.map(({ publicKey }) => publicKey)))
      for (const { publicKey, address, keepaliveSecs } of after) {
        const wanted = desired.filter((peer) => peer.publicKey === publicKey)
        expect([address, keepaliveSecs]).to.deep.equal([tunnelAddress(publicKey), Math.max(...wanted.map((peer) => peer.keepaliveSecs))])
      }
      expect(planPeers(desired, after, nowMs)).to.deep.equal({ remove: [], set: [] })
    }))
  })

  it('never removes a tunnel that is wanted, and never moves one whose session lives', () => {
    fc.assert(fc.property(fc.array(desiredPeer), actualPeers, (desired, actual) => {
      const { remove, set } = planPeers(desired, actual, nowMs)
      const wanted = new Set(desired.map(({ publicKey }) => publicKey))
      const living = new Set(actual.filter(lives).map(({ publicKey }) => publicKey))
      expect(remove.filter((key) => wanted.has(key))).to.deep.equal([])
      expect(set.filter(({ publicKey, endpoint }) => living.has(publicKey) && endpoint !== undefined)).to.deep.equal([])
    }))
  })

  it('removes who is not wanted any more, living or not', () => {
    fc.assert(fc.property(fc.array(desiredPeer), actualPeers, (desired, actual) => {
      const wanted = new Set(desired.map(({ publicKey }) => publicKey))
      expect(planPeers(desired, actual, nowMs).remove).to.deep.equal(actual.map(({ publicKey }) => publicKey).filter((key) => !wanted.has(key)))
    }))
  })

  it('does not depend on the order of what is wanted', () => {
    fc.assert(fc.property(fc.uniqueArray(desiredPeer, { selector: ({ did }) => did }), actualPeers, (desired, actual) => {
      const sorted = (peers: readonly WgPeer[]) => peers.toSorted((a, b) => a.publicKey < b.publicKey ? -1 : 1)
      expect(sorted(planPeers(desired.toReversed(), actual, nowMs).set)).to.deep.equal(sorted(planPeers(desired, actual, nowMs).set))
    }))
  })

  it('aims a new peer at its likeliest endpoint, and a silent one only when it is aimed at none of them', () => {
    const [did, publicKey] = [dids[0] as DesiredPeer['did'], keys[0] as WgKey]
    const wanted: DesiredPeer = { did, publicKey, endpoints: places.slice(1, 3), keepaliveSecs: 0 }
    const state = { publicKey, address: tunnelAddress(publicKey), keepaliveSecs: 0, rxBytes: 0, txBytes: 0 }
    const endpointsSet = [undefined, places[1], places[3], { host: '198.51.100.9', port: 9 }].map((endpoint) =>
      planPeers([wanted], [{ ...state, ...endpoint === undefined ? {} : { endpoint } }], nowMs).set.map((peer) => peer.endpoint))
    expect(planPeers([wanted], [], nowMs).set).to.deep.equal([{ publicKey, address: state.address, keepaliveSecs: 0, endpoint: places[1] }])
    expect(endpointsSet).to.deep.equal([[places[1]], [], [], [places[1]]])
  })
})

describe('sharedKeys', () => {
  it('names the DIDs that claim one key', () => {
    const peer = (did: number, key: number): DesiredPeer => ({ did: dids[did] as DesiredPeer['did'], publicKey: keys[key] as WgKey, endpoints: [], keepaliveSecs: 0 })
    expect([...sharedKeys([peer(1, 0), peer(0, 0), peer(0, 0), peer(2, 1), peer(2, 1)])]).to.deep.equal([[keys[0], [dids[0], dids[1]]]])
  })
})

/** The book of a device, with no device. */
class BookDevice implements Pick<WgDevice, 'peers' | 'setPeer' | 'removePeer'> {
  readonly #states: Map<WgKey, WgPeerState>

  constructor (states: readonly WgPeerState[]) {
    this.#states = new Map(states.map((state) => [state.publicKey, state]))
  }

  async peers (): Promise<readonly WgPeerState[]> { return [...this.#states.values()] }

  async setPeer (peer: WgPeer): Promise<void> {
    this.#states.set(peer.publicKey, { rxBytes: 0, txBytes: 0, ...this.#states.get(peer.publicKey), ...peer })
  }

  async removePeer (publicKey: WgKey): Promise<void> { this.#states.delete(publicKey) }
}
