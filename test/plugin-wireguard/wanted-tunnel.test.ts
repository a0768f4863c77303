import { expect } from 'chai'
import type { Announcement, PeerView } from '@akshi/core'
import { createTunnelKey, tunnelAddress, wgKeyBytes } from '@akshi/plugin-wireguard'
import { seededIdentity } from '@akshi/testkit'
import { readAnnounced, wantedTunnel } from '../../packages/plugin-wireguard/src/wanted-tunnel.ts'

const { did } = seededIdentity(1)
const [one, two] = [createTunnelKey().publicKey, createTunnelKey().publicKey]
const announced = (key: Uint8Array, port: number, addresses: Announcement['addresses'] = [{ host: '192.168.1.2', port: 3210 }]) => ({ addresses, extra: { wireguard: { key, port } } }) as unknown as Announcement
const peer = (view: Partial<PeerView>) => ({ did, name: 'beta', trust: 'trusted', addresses: [], sources: [], ...view }) as PeerView

describe('wantedTunnel', () => {
  it('is what runtime.toml says, with the standard port where it says none', () => {
    const tunnel = (endpoint: string | undefined) => wantedTunnel(peer({ tunnel: { endpoint, publicKey: one, port: 3210 } }))
    expect(tunnel('203.0.113.7')).to.deep.equal({ did, name: 'beta', publicKey: one, address: tunnelAddress(one), endpoints: [{ host: '203.0.113.7', port: 51_820 }], meshPort: 3210, nat: 'unknown' })
    expect(['[2001:db8::1]:7', 'example.org:7', '203.0.113.7:9', undefined].map((endpoint) => tunnel(endpoint)?.endpoints)).to.deep.equal([
      [{ host: '2001:db8::1', port: 7 }], [{ host: 'example.org', port: 7 }], [{ host: '203.0.113.7', port: 9 }], []
    ])
  })

  it('is what the peer announces where runtime.toml says nothing, at its addresses on the network', () => {
    const addresses = [{ host: '127.0.0.1', port: 4000 }, { host: '::1', port: 4000 }, { host: '10.0.0.9', port: 4000 }, { host: tunnelAddress(two), port: 4000 }]
    expect(wantedTunnel(peer({ announcement: announced(wgKeyBytes(two), 7, addresses) }))).to.deep.include({ publicKey: two, endpoints: [{ host: '10.0.0.9', port: 7 }], meshPort: 4000 })
  })

  it('takes the key of runtime.toml rather than the announced one, and tries the configured endpoint first', () => {
    const both = wantedTunnel(peer({ tunnel: { endpoint: '203.0.113.7', publicKey: one, port: 3210 }, announcement: announced(wgKeyBytes(two), 7) }))
    expect([both?.publicKey, both?.endpoints]).to.deep.equal([one, [{ host: '203.0.113.7', port: 7 }, { host: '192.168.1.2', port: 7 }]])
  })

  it('is nothing for a peer that is not trusted, or has no key that can be used', () => {
    const untrusted = (['pending', 'blocked'] as const).map((trust) => peer({ trust, announcement: announced(wgKeyBytes(two), 7) }))
    const keyless = [{}, { tunnel: { endpoint: '203.0.113.7', publicKey: 'AAAA', port: 3210 } }, { announcement: announced(new Uint8Array(32), 7) }].map(peer)
    expect([...untrusted, ...keyless].map(wantedTunnel)).to.deep.equal(new Array(5).fill(undefined))
  })

  it('makes nothing of announcements that make no sense', () => {
    const key = wgKeyBytes(two)
    expect([undefined, null, 7, {}, { key }, { key: 'x', port: 7 }, { key, port: 0 }, { key, port: 65_536 }, { key, port: 1.5 }].map(readAnnounced)).to.deep.equal(new Array(9).fill(undefined))
  })

  it('knows of the peer\'s NAT what that says, if it is one of the kinds there are', () => {
    const key = wgKeyBytes(two)
    expect(['symmetric', 'odd', undefined].map((nat) => readAnnounced({ key, port: 7, nat })?.nat)).to.deep.equal(['symmetric', undefined, undefined])
    expect(wantedTunnel(peer({ announcement: { addresses: [], extra: { wireguard: { key, port: 7, nat: 'blocked' } } } as unknown as Announcement }))?.nat).to.equal('blocked')
  })
})
