import { expect } from 'chai'
import type { NetworkInterfaceInfo } from 'node:os'
import { isNear } from '../../packages/plugin-wireguard/src/near-hosts.ts'

const info = (cidr: string, internal = false) => ({ cidr, internal, family: cidr.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo
const interfaces = { eth0: [info('192.168.1.2/24'), info('fd00:1::2/64'), info('fe80::1/64')], lo: [info('127.0.0.1/8', true)] }

describe('isNear', () => {
  it('is true of hosts on a network of this machine, and of no others', () => {
    const near = ['192.168.1.200', 'fd00:1::99'].map((host) => isNear(host, interfaces))
    const far = ['192.168.2.1', '127.0.0.1', 'fd00:2::1', 'fe80::2', 'example.org'].map((host) => isNear(host, interfaces))
    expect([near, far]).to.deep.equal([[true, true], [false, false, false, false, false]])
  })
})
