import { expect } from 'chai'
import { findMisfit, readPacket, writePacket, type RawPacket } from '../../packages/plugin-mdns/src/codec.ts'
import { probe, recordsOf, response } from '../../packages/plugin-mdns/src/records.ts'
import { serviceOf, whoIsThere } from './fixtures.ts'
import { fromWire, toWire } from './wire.ts'

const records = recordsOf(serviceOf('Ada\'s laptop', { addresses: ['10.0.0.2', 'fd77::2', 'fe80::1'], capabilities: ['journal'] }))
const told = response(records)

describe('codec', () => {
  const packets = { answers: told, probes: probe(records), truncated: { ...whoIsThere, answers: records.slice(0, 1), truncated: true }, numbered: { ...told, id: 4711 } }
  for (const [what, packet] of Object.entries(packets)) {
    it(`reads what it writes: ${what}`, () => {
      expect(fromWire(toWire(packet))).to.deep.equal(packet)
    })
  }

  it('reads a question that asks for a unicast answer', () => {
    const bytes = toWire(whoIsThere)
    bytes[bytes.length - 2] = 0x80
    expect(fromWire(bytes)).to.deep.equal(whoIsThere)
  })

  it('reads TXT bytes as text', () => {
    const raw: RawPacket = { type: 'response', answers: [{ name: 'a', type: 'TXT', ttl: 1, flush: true, class: 'IN', data: [Buffer.from('v=1')] }] }
    expect(readPacket(raw)?.answers).to.deep.equal([{ name: 'a', type: 'TXT', ttl: 1, flush: true, data: ['v=1'] }])
  })

  it('ignores packets with an opcode or a response code', () => {
    expect([0x2000, 0x0003].map((flags) => readPacket({ ...writePacket(told), flags }))).to.deep.equal([undefined, undefined])
  })

  it('drops questions and records of other classes, and records of other types', () => {
    const raw: RawPacket = {
      type: 'response',
      questions: [{ name: 'a', type: 'PTR', class: 'CH' }],
      answers: [{ name: 'a', type: 'A', class: 'CH', data: '10.0.0.1' }, { name: 'a', type: 'CNAME', class: 'IN', data: 'b' }]
    }
    expect(readPacket(raw)).to.deep.equal(response([]))
  })

  it('writes copies, since the encoder changes what it is given', () => {
    const before = structuredClone(told)
    toWire(told)
    expect(told).to.deep.equal(before)
  })

  it('names what is not worth decoding', () => {
    const greedy = Buffer.from([0, 0, 0x84, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0])
    expect([Buffer.alloc(11), Buffer.alloc(9_001), greedy, Buffer.alloc(12), toWire(told)].map(findMisfit)).to.deep.equal([
      'it is shorter than a header', 'it is longer than 9000 bytes', 'its header counts more than it holds', undefined, undefined
    ])
  })
})
