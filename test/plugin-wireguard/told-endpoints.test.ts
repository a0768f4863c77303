import { expect } from 'chai'
import fc from 'fast-check'
import { createTunnelKey, type WgKey } from '@akshi/plugin-wireguard'
import { readTold, writeTold } from '../../packages/plugin-wireguard/src/told-endpoints.ts'

const { publicKey } = createTunnelKey()
const at = (port: number, host = '203.0.113.7') => ({ host, port })
const read = (value: unknown) => readTold(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))

describe('what peers tell of endpoints', () => {
  it('reads as it was written', () => {
    const told = { peers: [[publicKey, at(1)], [publicKey, at(2, '2001:db8::1')]] as [WgKey, ReturnType<typeof at>][], you: at(3), also: at(4), probe: 5 }
    expect([read(writeTold(told)), read(writeTold({ peers: [] }))]).to.deep.equal([told, { peers: [] }])
  })

  it('leaves out what makes no sense, and keeps the rest', () => {
    const value = { peers: [[publicKey, '203.0.113.7:1'], ['no key', '203.0.113.7:1'], [publicKey, 'nowhere'], [publicKey], 7, null], you: 7, also: {}, probe: 70_000 }
    expect(read(value)).to.deep.equal({ peers: [[publicKey, at(1)]] })
  })

  it('leaves out addresses that mean the reader\'s own machine', () => {
    const value = { peers: [[publicKey, '127.0.0.1:1'], [publicKey, '[::1]:1']], you: '127.0.0.1:1', also: '[::1]:2' }
    expect(read(value)).to.deep.equal({ peers: [] })
  })

  it('takes 150 peers, and a datagram of 16 KiB, at most', () => {
    const many = Array.from({ length: 160 }, (_, number) => [publicKey, at(number + 10_000, '2001:db8:1111:2222:3333:4444:5555:6666')] as const)
    expect([read(writeTold({ peers: many })).peers.length, read(JSON.stringify({ peers: many.map(([key, { host, port }]) => [key, `[${host}]:${port}`]) })).peers.length]).to.deep.equal([150, 150])
    expect(read(JSON.stringify({ you: '203.0.113.7:1', padding: 'x'.repeat(16_384) }))).to.deep.equal({ peers: [] })
  })

  it('survives any bytes', () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.json().map((text) => Buffer.from(text))), (bytes) => {
      expect(Array.isArray(readTold(bytes).peers)).to.equal(true)
    }))
  })
})
