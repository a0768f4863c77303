import { expect } from 'chai'
import type { MdnsPacket, MdnsRecord } from '../../packages/plugin-mdns/src/multicast.ts'
import { enumerationRecord, recordsOf, serviceType } from '../../packages/plugin-mdns/src/records.ts'
import { Responder } from '../../packages/plugin-mdns/src/responder.ts'
import { FakeClock } from './fake-clock.ts'
import { newDid } from './fixtures.ts'

const records = recordsOf({ label: 'alpha-1', did: newDid(), address: '10.0.0.1', port: 3210 })
const [ptr, srv, txt, a] = records as readonly [MdnsRecord, MdnsRecord, MdnsRecord, MdnsRecord]
const instance = `alpha-1.${serviceType}`

/** A responder that has announced its records a while ago, and what it sends from then on. */
async function makeResponder () {
  const clock = new FakeClock()
  const sent: { readonly atMs: number, readonly packet: MdnsPacket }[] = []
  const responder = new Responder({
    clock,
    random: { bytes: () => new Uint8Array(), uniform: () => 0 },
    send: async (packet) => { sent.push({ atMs: clock.monotonic(), packet }) }
  })
  await responder.advertise(records)
  await clock.advance(10_000)
  sent.length = 0
  return { clock, sent, responder }
}

function ask (name: string, type: string, known: readonly MdnsRecord[] = []): MdnsPacket {
  return { type: 'query', questions: [{ name, type }], answers: known, additionals: [] }
}

describe('Responder', () => {
  const questions: readonly [name: string, type: string, answers: readonly MdnsRecord[]][] = [
    [serviceType, 'PTR', [ptr]],
    [serviceType.toUpperCase(), 'ANY', [ptr]],
    [instance, 'SRV', [srv]],
    [instance, 'TXT', [txt]],
    [instance, 'ANY', [srv, txt]],
    ['ALPHA-1.local', 'A', [a]]
  ]
  for (const [name, type, answers] of questions) {
    it(`answers ${type} ${name}, and adds the rest`, async () => {
      const { clock, sent, responder } = await makeResponder()
      responder.answer(ask(name, type))
      await clock.advance(150)
      expect(sent.map(({ packet }) => packet)).to.deep.equal([
        { type: 'response', questions: [], answers, additionals: records.filter((record) => !answers.includes(record)) }
      ])
    })
  }

  it('lists its service type', async () => {
    const { clock, sent, responder } = await makeResponder()
    responder.answer(ask('_services._dns-sd._udp.local', 'PTR'))
    await clock.advance(150)
    expect(sent[0]?.packet.answers).to.deep.equal([enumerationRecord])
  })

  it('is silent about other names and types', async () => {
    const { clock, sent, responder } = await makeResponder()
    responder.answer(ask('_http._tcp.local', 'PTR'))
    responder.answer(ask(`beta-2.${serviceType}`, 'SRV'))
    responder.answer(ask('alpha-1.local', 'AAAA'))
    await clock.advance(2_000)
    expect(sent).to.deep.equal([])
  })

  it('is silent when the asker knows the PTR for at least half of its life', async () => {
    const { clock, sent, responder } = await makeResponder()
    responder.answer(ask(serviceType, 'PTR', [{ ...ptr, ttl: 60 }]))
    await clock.advance(2_000)
    expect(sent).to.deep.equal([])
    responder.answer(ask(serviceType, 'PTR', [{ ...ptr, ttl: 59 }]))
    await clock.advance(2_000)
    expect(sent.length).to.equal(1)
  })

  it('answers many questions once, and not more often than once a second', async () => {
    const { clock, sent, responder } = await makeResponder()
    for (let i = 0; i < 300; i++) {
      responder.answer(ask(serviceType, 'PTR'))
      await clock.advance(10)
    }
    expect(sent.map(({ atMs }) => atMs)).to.deep.equal([10_020, 11_020, 12_020])
  })

  it('answers nothing when it advertises nothing', async () => {
    const { clock, sent, responder } = await makeResponder()
    await responder.advertise([])
    sent.length = 0
    responder.answer(ask('_services._dns-sd._udp.local', 'PTR'))
    await clock.advance(2_000)
    expect(sent).to.deep.equal([])
  })
})
