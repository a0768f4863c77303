import { expect } from 'chai'
import { selectInterfaces } from '../../packages/plugin-mdns/src/lan-interface.ts'
import { ipv4Info, ipv6Info } from './fixtures.ts'

const system = {
  lo: [ipv4Info('127.0.0.1/8', true), ipv6Info('::1/128', true)],
  eth0: [ipv6Info('fe80::1/64'), ipv4Info('192.168.1.77/24'), ipv4Info('192.168.2.77/24'), ipv6Info('fd00:1::77/64')],
  wlan0: [ipv4Info('10.1.2.3/16')],
  eth9: [ipv6Info('fe80::9/64')],
  wg0: [ipv4Info('10.9.0.1/24')],
  tailscale0: [ipv4Info('100.64.0.1/32'), ipv6Info('fd7a::1/128')],
  ppp7: [ipv4Info('10.64.0.1/24')],
  vpn0: [ipv4Info('10.65.0.1/24')],
  docker0: [ipv4Info('172.17.0.1/16')],
  'br-1a2b': [ipv4Info('172.18.0.1/16')],
  veth12: [ipv4Info('172.19.0.1/16')]
}

function select (...wanted: readonly string[]) {
  const { selected, missing } = selectInterfaces(wanted, system, (name) => name !== 'vpn0')
  return { selected: selected.map(({ name, family, address }) => `${name} ${family} ${address}`), missing }
}

describe('selectInterfaces', () => {
  it('takes every LAN interface in each of its families, and no loopback, tunnel, point-to-point link or container bridge', () => {
    expect(select()).to.deep.equal({ selected: ['eth0 4 192.168.1.77', 'eth0 6 fe80::1', 'wlan0 4 10.1.2.3', 'eth9 6 fe80::9'], missing: [] })
  })

  it('names what it left out', () => {
    expect(selectInterfaces([], system, (name) => name !== 'vpn0').left).to.deep.equal(['wg0', 'tailscale0', 'ppp7', 'vpn0', 'docker0', 'br-1a2b', 'veth12'])
  })

  it('takes what is named, whatever it is; loopback for IPv4 only, as it has no link-local address', () => {
    expect(select('lo', 'wg0', 'vpn0')).to.deep.equal({ selected: ['lo 4 127.0.0.1', 'wg0 4 10.9.0.1', 'vpn0 4 10.65.0.1'], missing: [] })
  })

  it('takes an IPv4 address alone, and each interface once', () => {
    expect(select('192.168.2.77')).to.deep.equal({ selected: ['eth0 4 192.168.2.77'], missing: [] })
    expect(select('lo', '127.0.0.1', 'lo')).to.deep.equal({ selected: ['lo 4 127.0.0.1'], missing: [] })
    expect(selectInterfaces(['192.168.2.77'], system).selected[0]?.hosts).to.deep.equal(['192.168.2.77'])
  })

  it('names what is not there', () => {
    expect(select('eth7', '10.0.0.9', 'lo')).to.deep.equal({ selected: ['lo 4 127.0.0.1'], missing: ['eth7', '10.0.0.9'] })
  })

  it('knows all addresses and networks of an interface', () => {
    const [eth0] = selectInterfaces(['eth0'], system).selected
    expect(eth0?.hosts).to.deep.equal(['fe80::1', '192.168.1.77', '192.168.2.77', 'fd00:1::77'])
    const near = ['192.168.1.3', '192.168.2.3', 'fd00:1::3', 'fe80::3%eth0', 'fe80::3']
    const far = ['192.168.3.3', 'fd00:2::3', '10.1.2.4', 'example.org', '']
    expect([near, far].map((hosts) => hosts.map((host) => eth0?.contains(host)))).to.deep.equal([near.map(() => true), far.map(() => false)])
  })

  it('tells an interface with other addresses, or a new one of the same name, from the former', () => {
    const keyOf = (...infos: Parameters<typeof selectInterfaces>[1][string] & object) => selectInterfaces(['eth0'], { eth0: infos }).selected[0]?.key
    const [v4, v6] = [ipv4Info('10.0.0.1/24'), ipv6Info('fe80::1/64')]
    const keys = [keyOf(v4, v6), keyOf(v4, v6), keyOf(v4), keyOf(ipv4Info('10.0.0.2/24'), v6), keyOf(ipv4Info('10.0.0.1/16'), v6), keyOf(v4, { ...v6, scopeid: 3 } as typeof v6)]
    expect(new Set(keys).size).to.equal(5)
  })
})
