import type { NetworkInterfaceInfo } from 'node:os'
import { expect } from 'chai'
import { selectInterfaces } from '../../packages/plugin-mdns/src/lan-interface.ts'

function ipv4 (cidr: string, internal = false): NetworkInterfaceInfo {
  return { family: 'IPv4', address: cidr.split('/')[0] ?? '', cidr, internal, netmask: '', mac: '' }
}

const ipv6: NetworkInterfaceInfo = { family: 'IPv6', address: 'fe80::1', cidr: 'fe80::1/64', internal: false, netmask: '', mac: '', scopeid: 2 }

const system = {
  lo: [ipv4('127.0.0.1/8', true)],
  eth0: [ipv6, ipv4('192.168.1.77/24'), ipv4('192.168.2.77/24')],
  wlan0: [ipv4('10.1.2.3/16')],
  eth9: [ipv6],
  wg0: [ipv4('10.9.0.1/24')],
  tailscale0: [ipv4('100.64.0.1/32')],
  docker0: [ipv4('172.17.0.1/16')],
  'br-1a2b': [ipv4('172.18.0.1/16')],
  veth12: [ipv4('172.19.0.1/16')]
}

function select (...wanted: readonly string[]) {
  const { selected, missing } = selectInterfaces(wanted, system)
  return { selected: selected.map(({ name, address }) => `${name} ${address}`), missing }
}

describe('selectInterfaces', () => {
  it('takes every LAN interface, and no loopback, tunnel or container bridge', () => {
    expect(select()).to.deep.equal({ selected: ['eth0 192.168.1.77', 'wlan0 10.1.2.3'], missing: [] })
  })

  it('takes what is named, whatever it is', () => {
    expect(select('lo', 'wg0')).to.deep.equal({ selected: ['lo 127.0.0.1', 'wg0 10.9.0.1'], missing: [] })
  })

  it('takes an address, and each interface once', () => {
    expect(select('192.168.2.77')).to.deep.equal({ selected: ['eth0 192.168.2.77'], missing: [] })
    expect(select('lo', '127.0.0.1', 'lo')).to.deep.equal({ selected: ['lo 127.0.0.1'], missing: [] })
  })

  it('names what is not there, or has no IPv4 address', () => {
    expect(select('eth7', 'eth9', 'lo')).to.deep.equal({ selected: ['lo 127.0.0.1'], missing: ['eth7', 'eth9'] })
  })

  it('knows the network of an interface', () => {
    const [eth0] = selectInterfaces(['eth0'], system).selected
    expect(['192.168.1.3', '192.168.2.3', 'example.org', 'fe80::1'].map((host) => eth0?.contains(host)))
      .to.deep.equal([true, false, false, false])
  })
})
