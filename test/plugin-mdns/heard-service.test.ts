import { expect } from 'chai'
import { readServices } from '../../packages/plugin-mdns/src/heard-service.ts'
import type { MdnsRecord } from '../../packages/plugin-mdns/src/multicast.ts'
import { recordsOf, response, serviceType } from '../../packages/plugin-mdns/src/records.ts'
import { lan, newDid } from './fixtures.ts'

const on = lan('10.0.0.1')
const did = newDid()
const good = recordsOf({ label: 'alpha-1', did, address: '10.0.0.2', port: 3210 })
const [ptr, srv, txt, a] = good as readonly [MdnsRecord, MdnsRecord, MdnsRecord, MdnsRecord]
const candidate = { did, addresses: [{ host: '10.0.0.2', port: 3210 }], onLink: true }

function withTxt (...data: readonly string[]): readonly MdnsRecord[] {
  return [ptr, srv, { ...txt, type: 'TXT', data }, a]
}

function withHosts (...hosts: readonly string[]): readonly MdnsRecord[] {
  return [ptr, srv, txt, ...hosts.map((data): MdnsRecord => ({ ...a, type: 'A', data }))]
}

function read (records: readonly MdnsRecord[]) {
  return readServices(response(records), on)
}

describe('readServices', () => {
  it('reads a candidate from a whole set of records', () => {
    expect(read(good)).to.deep.equal([{ label: 'alpha-1', ttl: 120, found: candidate }])
  })

  it('reads answers and additionals alike, whatever the case of the names', () => {
    const shouted = [srv, txt, a].map((record) => ({ ...record, name: record.name.toUpperCase() }))
    expect(readServices(response([ptr], shouted), on)).to.deep.equal([{ label: 'alpha-1', ttl: 120, found: candidate }])
  })

  it('takes the first of two values of a TXT key, and ignores keys it does not know', () => {
    const [service] = read(withTxt('x', 'V=1', `DID=${did}`, 'v=2', 'did=no'))
    expect(service?.found).to.deep.equal(candidate)
  })

  it('keeps at most eight addresses, each once', () => {
    const hosts = Array.from({ length: 20 }, (_, i) => `10.0.0.${i + 2}`)
    const found = read(withHosts(...hosts, ...hosts))[0]?.found
    expect(found).to.deep.equal({ ...candidate, addresses: hosts.slice(0, 8).map((host) => ({ host, port: 3210 })) })
    expect(read(withHosts('10.0.0.2', '10.0.0.2'))[0]?.found).to.deep.equal(candidate)
  })

  it('drops addresses that are not on the network of the interface', () => {
    expect(read(withHosts('127.0.0.1', '10.0.0.2', '8.8.8.8', 'localhost', '::1'))[0]?.found).to.deep.equal(candidate)
  })

  const lies: readonly [what: string, records: readonly MdnsRecord[], problem: RegExp][] = [
    ['no SRV', [ptr, txt, a], /SRV or TXT/],
    ['no TXT', [ptr, srv, a], /SRV or TXT/],
    ['no address', [ptr, srv, txt], /no address/],
    ['addresses elsewhere only', withHosts('127.0.0.1', '8.8.8.8'), /no address/],
    ['no version', withTxt(`did=${did}`), /not v=1/],
    ['another version', withTxt('v=2', `did=${did}`), /v=2, not v=1/],
    ['no did', withTxt('v=1'), /no valid did/],
    ['a did that is none', withTxt('v=1', 'did=did:key:z6Mkabc'), /no valid did/],
    ['a did with a fragment', withTxt('v=1', `did=${did}#x`), /no valid did/],
    ['port 0', [ptr, { ...srv, type: 'SRV', data: { target: 'alpha-1.local', port: 0 } }, txt, a], /port is 0/]
  ]
  for (const [what, records, problem] of lies) {
    it(`finds no candidate with ${what}`, () => {
      const found = read(records)[0]?.found
      expect(found !== undefined && 'problem' in found ? found.problem : found).to.match(problem)
    })
  }

  const others: readonly [what: string, instance: string][] = [
    ['another service type', 'alpha-1._http._tcp.local'],
    ['no label', serviceType],
    ['an empty label', `.${serviceType}`],
    ['a label with a dot', `a.b.${serviceType}`],
    ['a label of 64 bytes', `${'ä'.repeat(32)}.${serviceType}`]
  ]
  for (const [what, data] of others) {
    it(`ignores a PTR to ${what}`, () => {
      expect(read([{ ...ptr, type: 'PTR', data }, srv, txt, a])).to.deep.equal([])
    })
  }
})
