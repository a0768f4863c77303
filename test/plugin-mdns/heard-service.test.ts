import { expect } from 'chai'
import { HeardService } from '../../packages/plugin-mdns/src/heard-service.ts'
import type { LanInterface } from '../../packages/plugin-mdns/src/lan-interface.ts'
import type { MdnsRecord } from '../../packages/plugin-mdns/src/multicast.ts'
import { recordsOf, serviceType } from '../../packages/plugin-mdns/src/records.ts'
import { lan, newDid, serviceOf } from './fixtures.ts'

const on = lan('10.0.0.1', 'eth0', 'fe80::1', 'fd77::1')
const did = newDid()
const good = recordsOf(serviceOf('alpha', { did }))
const [ptr, srv, txt, a] = good as readonly [MdnsRecord, MdnsRecord, MdnsRecord, MdnsRecord]
const candidate = { did, addresses: [{ host: '10.0.0.2', port: 3210 }], onLink: true }

function withTxt (...data: readonly string[]): readonly MdnsRecord[] {
  return [ptr, srv, { ...txt, type: 'TXT', data }, a]
}

function withHosts (...hosts: readonly string[]): readonly MdnsRecord[] {
  return recordsOf(serviceOf('alpha', { did, addresses: hosts }))
}

/** A service that was heard of so, in this order, at time 0. */
function hear (records: readonly MdnsRecord[]): HeardService {
  const service = new HeardService('alpha')
  for (const record of records) service.note(record, 0, 0)
  return service
}

function read (records: readonly MdnsRecord[], there: LanInterface = on) {
  return hear(records).read(there)
}

describe('HeardService', () => {
  it('reads a candidate from a whole set of records', () => {
    expect(read(good)).to.deep.equal({ candidate })
  })

  it('takes the first of two values of a TXT key, and ignores keys it does not know', () => {
    expect(read(withTxt('x', 'V=1', `DID=${did}`, 'v=2', 'did=no'))).to.deep.equal({ candidate })
  })

  it('keeps at most eight addresses, each once', () => {
    const hosts = Array.from({ length: 20 }, (_, i) => `10.0.0.${i + 2}`)
    expect(read(withHosts(...hosts, ...hosts))).to.deep.equal({ candidate: { ...candidate, addresses: hosts.slice(0, 8).map((host) => ({ host, port: 3210 })) } })
  })

  it('gives IPv6 addresses of the link its zone', () => {
    expect(read(withHosts('fe80::2', 'fd77::2'))).to.deep.equal({ candidate: { ...candidate, addresses: [{ host: 'fe80::2%eth0', port: 3210 }, { host: 'fd77::2', port: 3210 }] } })
  })

  it('drops addresses that are not on a network of the interface', () => {
    expect(read(withHosts('127.0.0.1', '10.0.0.2', '8.8.8.8', '::1', 'fd78::2'))).to.deep.equal({ candidate })
    expect(read(withHosts('10.0.0.2', 'fe80::2'), lan('10.0.0.1'))).to.deep.equal({ candidate })
  })

  const lies: readonly [what: string, records: readonly MdnsRecord[], problem: RegExp][] = [
    ['addresses elsewhere only', withHosts('127.0.0.1', '8.8.8.8'), /no address/],
    ['no version', withTxt(`did=${did}`), /not v=1/],
    ['another version', withTxt('v=2', `did=${did}`), /v=2, not v=1/],
    ['no did', withTxt('v=1'), /no valid did/],
    ['a did that is none', withTxt('v=1', 'did=did:key:z6Mkabc'), /no valid did/],
    ['a did with a fragment', withTxt('v=1', `did=${did}#x`), /no valid did/],
    ['port 0', [ptr, { ...srv, type: 'SRV', data: { target: 'alpha.local', port: 0 } }, txt, a], /port is 0/]
  ]
  for (const [what, records, problem] of lies) {
    it(`finds no candidate with ${what}`, () => {
      const reading = read(records)
      expect('problem' in reading ? reading.problem : reading).to.match(problem)
    })
  }

  const instance = `alpha.${serviceType}`
  const gaps: readonly [what: string, records: readonly MdnsRecord[], missing: readonly { name: string, type: string }[]][] = [
    ['SRV', [ptr, txt, a], [{ name: instance, type: 'SRV' }]],
    ['TXT', [ptr, srv, a], [{ name: instance, type: 'TXT' }]],
    ['SRV and TXT', [ptr], [{ name: instance, type: 'SRV' }, { name: instance, type: 'TXT' }]],
    ['addresses', [ptr, srv, txt], [{ name: 'alpha.local', type: 'A' }, { name: 'alpha.local', type: 'AAAA' }]]
  ]
  for (const [what, records, missing] of gaps) {
    it(`asks for ${what} where there is none, three times`, () => {
      const service = hear(records)
      expect(service.read(on)).to.deep.equal({ missing })
      expect([1, 2, 3, 4, 5].map((second) => service.questions(on, second * 1_000))).to.deep.equal([missing, missing, missing, [], []])
    })
  }

  it('asks again for what is missing once it is announced again', () => {
    const service = hear([ptr])
    const asked = () => [1, 2, 3, 4].filter((second) => service.questions(on, second * 1_000).length > 0).length
    const before = asked()
    service.note(ptr, 5_000, 0)
    expect([before, asked()]).to.deep.equal([3, 3])
  })

  it('is a second longer there after a goodbye, unless it is announced again', () => {
    const service = hear(good)
    service.note({ ...ptr, ttl: 0 } as MdnsRecord, 10_000, 0)
    expect([10_999, 11_000].map((now) => service.isListed(now))).to.deep.equal([true, false])
    service.note(ptr, 10_500, 0)
    expect(service.isListed(11_000)).to.equal(true)
  })

  it('forgets addresses that are not of the set that replaces them, one second later', () => {
    const service = hear(withHosts('10.0.0.2', '10.0.0.3'))
    for (const record of withHosts('10.0.0.3', '10.0.0.4')) service.note(record, 5_000, 0)
    service.sweep(6_000)
    expect(service.read(on)).to.deep.equal({ candidate: { ...candidate, addresses: ['10.0.0.3', '10.0.0.4'].map((host) => ({ host, port: 3210 })) } })
  })

  it('forgets the addresses of a host that it has left for another', () => {
    const service = hear(good)
    const moved = recordsOf(serviceOf('alpha', { did, host: 'elsewhere.local', addresses: ['10.0.0.3'] }))
    service.note(moved[1] as MdnsRecord, 100, 0)
    expect(service.read(on)).to.deep.equal({ missing: [{ name: 'elsewhere.local', type: 'A' }, { name: 'elsewhere.local', type: 'AAAA' }] })
  })

  it('takes both packets of a set that was sent in two', () => {
    const service = hear(withHosts('10.0.0.2'))
    for (const record of withHosts('10.0.0.3').filter(({ type }) => type === 'A')) service.note(record, 900, 0)
    service.sweep(10_000)
    expect(service.read(on)).to.deep.equal({ candidate: { ...candidate, addresses: ['10.0.0.2', '10.0.0.3'].map((host) => ({ host, port: 3210 })) } })
  })

  it('asks for its records at 80, 85, 90 and 95 % of their life, and once each', () => {
    const service = hear(good)
    const asked = Array.from({ length: 125 }, (_, second) => [second, service.questions(on, second * 1_000).length]).filter(([, count]) => count !== 0)
    expect(asked).to.deep.equal([[96, 4], [102, 4], [108, 4], [114, 4]])
  })

  it('lives no longer than the longest records of DNS-SD, whatever it says', () => {
    const service = hear([{ ...ptr, ttl: 4_000_000_000 } as MdnsRecord])
    expect([4_499_999, 4_500_000].map((now) => service.isListed(now))).to.deep.equal([true, false])
  })

  it('is asked for at once when it is doubted, and over in five seconds unless somebody answers', () => {
    const service = hear(good)
    service.doubt(10_000)
    expect([10_000, 11_000, 12_000, 13_000, 14_000].map((now) => service.questions(on, now).length)).to.deep.equal([4, 0, 4, 4, 4])
    expect([14_999, 15_000].map((now) => service.isListed(now))).to.deep.equal([true, false])
  })
})
