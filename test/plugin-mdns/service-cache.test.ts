import { expect } from 'chai'
import type { MdnsRecord } from '../../packages/plugin-mdns/src/multicast.ts'
import { pointTo, recordsOf, response, serviceType } from '../../packages/plugin-mdns/src/records.ts'
import { ServiceCache } from '../../packages/plugin-mdns/src/service-cache.ts'
import { FakeClock } from './fake-clock.ts'
import { lan, newDid, serviceOf } from './fixtures.ts'

const own = newDid()

function makeCache () {
  const clock = new FakeClock()
  const cache = new ServiceCache(lan('10.0.0.1'), own, clock, { bytes: () => new Uint8Array(), uniform: () => 0 })
  const hear = (...records: readonly MdnsRecord[]) => cache.take(response(records))
  return { clock, cache, hear, known: () => cache.knownAnswers() }
}

describe('ServiceCache', () => {
  it('answers with the time that remains, until half of it is over', async () => {
    const { clock, hear, known } = makeCache()
    hear(pointTo('alpha'))
    await clock.advance(20_500)
    expect(known()).to.deep.equal([pointTo('alpha', 99)])
    await clock.advance(39_500)
    expect(known()).to.deep.equal([])
  })

  it('counts a service anew when it is heard again, whatever its case', async () => {
    const { clock, cache, hear, known } = makeCache()
    hear(pointTo('alpha'))
    await clock.advance(50_000)
    hear({ ...pointTo('Alpha'), name: serviceType.toUpperCase() } as MdnsRecord)
    expect({ size: cache.size, ttls: known().map(({ ttl }) => ttl) }).to.deep.equal({ size: 1, ttls: [120] })
  })

  it('neither names itself among what it knows nor asks for itself', async () => {
    const { clock, cache, hear, known } = makeCache()
    hear(...recordsOf(serviceOf('me', { did: own })), ...recordsOf(serviceOf('other')))
    expect(known()).to.deep.equal([pointTo('other')])
    await clock.advance(100_000)
    const names = cache.questions().map(({ name }) => name)
    expect([names.includes(`me.${serviceType}`), names.includes(`other.${serviceType}`)]).to.deep.equal([false, true])
  })

  it('holds 256 services and drops the oldest', () => {
    const { cache, hear } = makeCache()
    for (let i = 0; i < 10_000; i++) hear(pointTo(`n${i}`))
    expect([cache.size, cache.all()[0]?.label, cache.all().at(-1)?.label]).to.deep.equal([256, 'n9744', 'n9999'])
  })

  it('drops what has expired', async () => {
    const { clock, cache, hear, known } = makeCache()
    hear(pointTo('alpha', 30), pointTo('beta', 120))
    await clock.advance(30_000)
    expect([cache.sweep(), cache.size, known()]).to.deep.equal([1, 1, [pointTo('beta', 90)]])
  })

  it('puts records together that come one by one, and in whatever case', () => {
    const { hear } = makeCache()
    const [ptr, srv, txt, a] = recordsOf(serviceOf('alpha')) as readonly [MdnsRecord, MdnsRecord, MdnsRecord, MdnsRecord]
    const shouted = [srv, txt, a].map((record) => ({ ...record, name: record.name.toUpperCase() }) as MdnsRecord)
    const readings = [[ptr], ...shouted.map((record) => [record])].map((records) => hear(...records)[0]?.read(lan('10.0.0.1')))
    expect(readings.map((reading) => Object.keys(reading ?? {}))).to.deep.equal([['missing'], ['missing'], ['missing'], ['candidate']])
  })

  it('keeps nothing of what no PTR leads to', () => {
    const { cache, hear } = makeCache()
    expect([hear(...recordsOf(serviceOf('alpha')).slice(1)), cache.size]).to.deep.equal([[], 0])
  })

  it('keeps nothing of a goodbye of one that it did not know', () => {
    const { cache, hear } = makeCache()
    expect([hear(pointTo('alpha', 0)), cache.size]).to.deep.equal([[], 0])
  })

  const others: readonly [what: string, instance: string][] = [
    ['another service type', 'alpha-1._http._tcp.local'],
    ['no label', serviceType],
    ['an empty label', `.${serviceType}`],
    ['a label with a dot', `a.b.${serviceType}`],
    ['a label of 64 bytes', `${'ä'.repeat(32)}.${serviceType}`]
  ]
  for (const [what, data] of others) {
    it(`ignores a PTR to ${what}`, () => {
      const { cache, hear } = makeCache()
      hear({ ...pointTo('x'), data } as MdnsRecord)
      expect(cache.size).to.equal(0)
    })
  }

  it('asks no more at a time than fits into a packet', () => {
    const { cache, hear } = makeCache()
    for (let i = 0; i < 256; i++) hear(pointTo(`n${i}`))
    expect(cache.questions().length).to.equal(16)
  })
})
