import type { NetworkInterfaceInfo } from 'node:os'
import { expect } from 'chai'
import { announceHttp, ownAddresses } from '../../packages/plugin-http/src/own-addresses.ts'
import { TestNode } from './fixture.ts'

const info = (address: string, internal = false) => ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo
const interfaces = { lo: [info('127.0.0.1', true), info('::1', true)], eth0: [info('192.0.2.7'), info('2001:db8::7'), info('fe80::7')] }

describe('ownAddresses', () => {
  const hosts = (bind: string, from = {}) => ownAddresses(bind, 3210, from).map(({ host }) => host)

  it('is every usable address for 0.0.0.0 and ::, and the address itself for any other', () => {
    expect([hosts('0.0.0.0', interfaces), hosts('::', interfaces), hosts('10.1.1.1', interfaces)])
      .to.deep.equal([['192.0.2.7'], ['192.0.2.7', '2001:db8::7'], ['10.1.1.1']])
  })

  it('is loopback on a machine with no other address', () => {
    expect([hosts('0.0.0.0', { lo: interfaces.lo }), hosts('::', { lo: interfaces.lo })]).to.deep.equal([['127.0.0.1'], ['::1']])
  })
})

describe('announceHttp', () => {
  it('adds addresses and the capability once, and keeps what others added', () => {
    const { announcement } = new TestNode()
    const before = { ...announcement, addresses: [{ host: '10.0.0.1', port: 1 }], capabilities: ['dht'] }
    const own = [{ host: '10.0.0.1', port: 1 }, { host: '10.0.0.2', port: 1 }]
    const after = announceHttp(announceHttp(before, own), own)
    expect([after.addresses, after.capabilities]).to.deep.equal([own, ['dht', 'http']])
  })
})
