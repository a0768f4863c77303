import { expect } from 'chai'
import { describe, it } from 'mocha'
import { configTable } from '@akshi/core'
import { ConformanceError, discoveryCases, discoveryCasesOf } from '@akshi/testkit'
import { readFile } from 'node:fs/promises'
import { DnsZone } from '../src/dns-zone.js'
import srv from '../src/index.js'
import { server, subject } from './conformance.js'

const did = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

describe('srv-discovery keeps the promises of discoveries', () => {
  for (const { name, run } of discoveryCasesOf(subject)) it(name, () => run(subject))

  for (const name of Object.keys(subject.exempt)) {
    it(`does not keep "${name}": else it need not be exempt`, async () => {
      const error = await discoveryCases.find((each) => each.name === name).run(subject).catch((error) => error)
      expect(error).to.be.instanceOf(ConformanceError)
    })
  }
})

describe('DnsZone', () => {
  const zoneOf = (name) => new DnsZone({ name, servers: [server.address] })

  it('joins the places of one node, and says what makes no sense', async () => {
    server.put('_a._tcp.zone.test', 'one.zone.test', did, [{ host: '192.0.2.1', port: 1 }, { host: '192.0.2.1', port: 2 }])
    server.put('_a._tcp.zone.test', 'two.zone.test', did, [{ host: '2001:db8::1', port: 3 }])
    server.put('_a._tcp.zone.test', 'bad.zone.test', 'nobody', [{ host: '192.0.2.2', port: 4 }])
    const { members, troubles } = await zoneOf('_a._tcp.zone.test').look()
    const addresses = [['192.0.2.1', 1], ['192.0.2.1', 2], ['2001:db8::1', 3]].map(([host, port]) => ({ host, port }))
    expect({ members, troubles }).to.deep.equal({ members: [{ did, addresses }], troubles: ['bad.zone.test: it has no TXT record "did=did:key:..."'] })
  })

  it('tells the doctor of a name that is not there, with the command that shows it', async () => {
    const [{ level, fix }] = await zoneOf('_a._tcp.nowhere.test').check()
    expect({ level, fix }).to.deep.equal({ level: 'failure', fix: 'dig SRV _a._tcp.nowhere.test' })
  })
})

describe('README.md', () => {
  it('has the table of the keys', async () => {
    expect(await readFile(new URL('../README.md', import.meta.url), 'utf8')).to.include(configTable(srv.config))
  })
})
