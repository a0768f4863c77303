import { expect } from 'chai'
import type { MdnsRecord } from '../../packages/plugin-mdns/src/multicast.ts'
import { compareClaims, sameRecord } from '../../packages/plugin-mdns/src/record-order.ts'

const a = (data: string): MdnsRecord => ({ name: 'x.local', type: 'A', ttl: 120, flush: true, data })
const aaaa = (data: string): MdnsRecord => ({ name: 'x.local', type: 'AAAA', ttl: 120, flush: true, data })
const srv = (port: number, target = 'x.local'): MdnsRecord => ({ name: 'x._akshi._tcp.local', type: 'SRV', ttl: 120, flush: true, data: { target, port } })
const txt = (...data: readonly string[]): MdnsRecord => ({ name: 'x._akshi._tcp.local', type: 'TXT', ttl: 120, flush: true, data })

describe('compareClaims', () => {
  const ordered: readonly [what: string, earlier: readonly MdnsRecord[], later: readonly MdnsRecord[]][] = [
    ['the example of RFC 6762 section 8.2', [a('169.254.99.200')], [a('169.254.200.50')]],
    ['addresses as numbers, not as text', [a('9.0.0.1')], [a('10.0.0.1')]],
    ['A before AAAA', [a('200.0.0.1')], [aaaa('::1')]],
    ['TXT before SRV, in whatever order they stand', [srv(9), txt('a')], [srv(1), txt('b')]],
    ['IPv6 addresses by their bytes', [aaaa('fd77::1')], [aaaa('fd77:0:1::')]],
    ['ports', [srv(255)], [srv(256)]],
    ['what begins the same and is longer', [a('10.0.0.1')], [a('10.0.0.2'), a('10.0.0.1')]],
    ['none before some', [], [a('0.0.0.0')]]
  ]
  for (const [what, earlier, later] of ordered) {
    it(`orders ${what}`, () => {
      expect([compareClaims(earlier, later) < 0, compareClaims(later, earlier) > 0, compareClaims(later, later)]).to.deep.equal([true, true, 0])
    })
  }
})

describe('sameRecord', () => {
  it('looks at name, type and data, not at life, case and spelling', () => {
    expect(sameRecord(aaaa('fd77::1'), { ...aaaa('FD77:0:0:0::1'), name: 'X.Local', ttl: 5, flush: false } as MdnsRecord)).to.equal(true)
    expect(sameRecord(srv(1), srv(1, 'X.LOCAL'))).to.equal(true)
    expect([sameRecord(a('10.0.0.1'), a('10.0.0.2')), sameRecord(srv(1), srv(2)), sameRecord(txt('a', 'b'), txt('ab'))]).to.deep.equal([false, false, false])
  })
})
