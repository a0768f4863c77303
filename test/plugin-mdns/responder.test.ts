import { expect } from 'chai'
import type { MdnsPacket, MdnsRecord, PacketSource } from '../../packages/plugin-mdns/src/multicast.ts'
import { enumerationRecord, goodbye, probe, question, recordsOf, response, serviceType } from '../../packages/plugin-mdns/src/records.ts'
import { Responder } from '../../packages/plugin-mdns/src/responder.ts'
import { FakeClock } from './fake-clock.ts'
import { group, serviceOf } from './fixtures.ts'

const service = serviceOf('alpha', { addresses: ['10.0.0.1', 'fd77::1'], capabilities: ['journal'] })
const records = recordsOf(service)
const [ptr, srv, txt, a, aaaa, sub] = records as readonly [MdnsRecord, MdnsRecord, MdnsRecord, MdnsRecord, MdnsRecord, MdnsRecord]
const instance = `alpha.${serviceType}`
const asker = { address: '10.0.0.7', port: group }

/** A responder that has announced its records a while ago, and what it sends from then on. */
async function makeResponder () {
  const clock = new FakeClock()
  const sent: { readonly atMs: number, readonly packet: MdnsPacket, readonly to?: PacketSource | undefined }[] = []
  const responder = new Responder({
    clock,
    random: { bytes: () => new Uint8Array(), uniform: () => 0 },
    send: async (packet, to) => { sent.push({ atMs: clock.monotonic(), packet, to }) }
  })
  await responder.advertise(records)
  await clock.advance(10_000)
  sent.length = 0
  return { clock, sent, responder, packets: () => sent.map(({ packet }) => packet) }
}

function ask (name: string, type: string, known: readonly MdnsRecord[] = []): MdnsPacket {
  return question([{ name, type }], known)
}

describe('Responder', () => {
  const questions: readonly [name: string, type: string, answers: readonly MdnsRecord[]][] = [
    [serviceType, 'PTR', [ptr]],
    [serviceType.toUpperCase(), 'ANY', [ptr]],
    [`_journal._sub.${serviceType}`, 'PTR', [sub]],
    [instance, 'SRV', [srv]],
    [instance, 'TXT', [txt]],
    [instance, 'ANY', [srv, txt]],
    ['ALPHA.local', 'A', [a]],
    ['alpha.local', 'AAAA', [aaaa]]
  ]
  for (const [name, type, answers] of questions) {
    it(`answers ${type} ${name}, and adds the rest but for subtypes`, async () => {
      const { clock, packets, responder } = await makeResponder()
      responder.answer(ask(name, type), asker)
      await clock.advance(150)
      expect(packets()).to.deep.equal([response(answers, [ptr, srv, txt, a, aaaa].filter((record) => !answers.includes(record)))])
    })
  }

  it('waits a little where others may answer too, and not where it alone can', async () => {
    const { clock, sent, responder } = await makeResponder()
    responder.answer(ask(serviceType, 'PTR'), asker)
    await clock.advance(2_000)
    responder.answer(ask(instance, 'SRV'), asker)
    await clock.advance(2_000)
    expect(sent.map(({ atMs }) => atMs)).to.deep.equal([10_020, 12_000])
  })

  it('lists its service type, unless another has just done so', async () => {
    const { clock, packets, responder } = await makeResponder()
    const which = ask('_services._dns-sd._udp.local', 'PTR')
    responder.answer(which, asker)
    responder.hear(response([enumerationRecord]))
    await clock.advance(2_000)
    expect(packets()).to.deep.equal([])
    responder.answer(which, asker)
    await clock.advance(150)
    expect(packets()[0]?.answers).to.deep.equal([enumerationRecord])
  })

  it('is silent about other names and types', async () => {
    const { clock, sent, responder } = await makeResponder()
    responder.answer(ask('_http._tcp.local', 'PTR'), asker)
    responder.answer(ask(`beta-2.${serviceType}`, 'SRV'), asker)
    responder.answer(ask('alpha.local', 'TXT'), asker)
    await clock.advance(2_000)
    expect(sent).to.deep.equal([])
  })

  it('is silent when the asker knows the PTR for at least half of its life', async () => {
    const { clock, sent, responder } = await makeResponder()
    responder.answer(ask(serviceType, 'PTR', [{ ...ptr, ttl: 60 } as MdnsRecord]), asker)
    await clock.advance(2_000)
    expect(sent).to.deep.equal([])
    responder.answer(ask(serviceType, 'PTR', [{ ...ptr, ttl: 59 } as MdnsRecord]), asker)
    await clock.advance(2_000)
    expect(sent.length).to.equal(1)
  })

  it('waits for the rest of what an asker knows, and takes it of no other', async () => {
    const { clock, sent, responder } = await makeResponder()
    const begun = { ...ask(serviceType, 'PTR'), truncated: true }
    responder.answer(begun, asker)
    await clock.advance(300)
    responder.answer(question([], [ptr]), asker)
    await clock.advance(2_000)
    expect(sent).to.deep.equal([])
    responder.answer(begun, asker)
    responder.answer(question([], [ptr]), { ...asker, address: '10.0.0.8' })
    await clock.advance(2_000)
    expect(sent.map(({ atMs }) => atMs)).to.deep.equal([12_700])
  })

  it('answers many questions once, and not more often than once a second', async () => {
    const { clock, sent, responder } = await makeResponder()
    for (let i = 0; i < 300; i++) {
      responder.answer(ask(serviceType, 'PTR'), asker)
      await clock.advance(10)
    }
    expect(sent.map(({ atMs }) => atMs)).to.deep.equal([10_020, 11_020, 12_020])
  })

  it('answers nothing when it advertises nothing', async () => {
    const { clock, sent, responder } = await makeResponder()
    await responder.advertise([])
    sent.length = 0
    responder.answer(ask('_services._dns-sd._udp.local', 'PTR'), asker)
    await responder.answerAlone(ask(serviceType, 'PTR'), { ...asker, port: 40_000 })
    await clock.advance(2_000)
    expect(sent).to.deep.equal([])
  })

  it('answers a plain resolver alone: its number and question, no flush bits, ten seconds to live', async () => {
    const { sent, responder } = await makeResponder()
    const to = { address: '10.0.0.9', port: 40_000 }
    await responder.answerAlone({ ...ask(instance, 'SRV'), id: 4_711 }, to)
    const modest = ([srv, ptr, txt, a, aaaa] as const).map((record) => ({ ...record, flush: false, ttl: 10 }) as MdnsRecord)
    expect(sent).to.deep.equal([{
      atMs: 10_000, to, packet: { ...response(modest.slice(0, 1), modest.slice(1)), id: 4_711, questions: [{ name: instance, type: 'SRV' }] }
    }])
  })

  it('defends its names at once, but four times a second at most, and other names never', async () => {
    const { clock, sent, responder } = await makeResponder()
    const claims = probe(recordsOf({ ...service, port: 9 })).authorities
    for (const delayMs of [0, 100, 150]) {
      await clock.advance(delayMs)
      await responder.defend(claims)
    }
    await clock.advance(1_000)
    await responder.defend(probe(recordsOf(serviceOf('beta'))).authorities)
    expect(sent.map(({ atMs, packet }) => [atMs, packet])).to.deep.equal([[10_000, response(records)], [10_250, response(records)]])
  })

  it('tells a newcomer of itself', async () => {
    const { clock, packets, responder } = await makeResponder()
    responder.greet(asker)
    await clock.advance(150)
    expect(packets().map(({ answers }) => answers)).to.deep.equal([[ptr]])
  })

  it('takes back what it says no more, and only that', async () => {
    const { packets, responder } = await makeResponder()
    const next = recordsOf({ ...service, addresses: ['10.0.0.1', 'fd77::2'], port: 9, seq: 2, capabilities: [] })
    await responder.advertise(next)
    expect(packets()).to.deep.equal([goodbye([aaaa, sub]), response(next)])
  })
})
