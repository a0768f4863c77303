import { expect } from 'chai'
import { readPacket, writePacket, type RawPacket } from '../../packages/plugin-mdns/src/codec.ts'
import { recordsOf, response } from '../../packages/plugin-mdns/src/records.ts'
import { newDid } from './fixtures.ts'

const told = response(recordsOf({ label: 'alpha-1', did: newDid(), address: '10.0.0.2', port: 3210 }))

/** `told` as the decoder gives it. */
function decoded (flags: number, klass: 'IN' | 'CH' = 'IN'): RawPacket {
  const { questions, answers, additionals } = writePacket(told)
  return { type: 'response', flags, questions, answers: answers.map((record) => ({ ...record, class: klass })), additionals }
}

describe('codec', () => {
  it('reads what it writes', () => {
    expect(readPacket(decoded(0x400))).to.deep.equal(told)
  })

  it('reads TXT bytes as text', () => {
    const raw: RawPacket = { type: 'response', answers: [{ name: 'a', type: 'TXT', ttl: 1, flush: true, class: 'IN', data: [Buffer.from('v=1')] }] }
    expect(readPacket(raw)?.answers).to.deep.equal([{ name: 'a', type: 'TXT', ttl: 1, flush: true, data: ['v=1'] }])
  })

  it('ignores packets with an opcode or a response code', () => {
    expect([0x2000, 0x0003].map((flags) => readPacket(decoded(flags)))).to.deep.equal([undefined, undefined])
  })

  it('drops records of other classes and types', () => {
    expect(readPacket(decoded(0, 'CH'))?.answers).to.deep.equal([])
    expect(readPacket({ type: 'response', answers: [{ name: 'a', type: 'AAAA', class: 'IN', data: '::1' }] })?.answers).to.deep.equal([])
  })

  it('writes copies, since the encoder changes what it is given', () => {
    const before = structuredClone(told)
    for (const record of writePacket(told).answers) if (record.type === 'TXT' && Array.isArray(record.data)) record.data.fill('spoilt')
    expect(told).to.deep.equal(before)
  })
})
