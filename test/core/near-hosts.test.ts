import { expect } from 'chai'
import type { NetworkInterfaceInfo } from 'node:os'
import { isNear, isOwn } from '../../packages/core/src/near-hosts.ts'

const info = (cidr: string, internal = false) => ({ cidr, address: cidr.split('/')[0], internal, family: cidr.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo
const interfaces = { eth0: [info('192.168.1.2/24'), info('fd00:1::2/64'), info('fe80::1/64')], lo: [info('127.0.0.1/8', true)] }

describe('isNear', () => {
  it('is true of hosts on a network of this machine, and of no others', () => {
    const near = ['192.168.1.200', 'fd00:1::99'].map((host) => isNear(host, interfaces))
    const far = ['192.168.2.1', '127.0.0.1', 'fd00:2::1', 'fe80::2', 'example.org'].map((host) => isNear(host, interfaces))
    expect([near, far]).to.deep.equal([[true, true], [false, false, false, false, false]])
  })
})

describe('isOwn', () => {
  it('is true of the addresses of this machine, and of no others on its networks', () => {
    expect(['192.168.1.2', 'fd00:1::2', '127.0.0.1', '192.168.1.3'].map((host) => isOwn(host, interfaces))).to.deep.equal([true, true, true, false])
  })
})
