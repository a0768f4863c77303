import type { FullPacket } from 'multicast-dns'
import type { MdnsPacket, MdnsRecord } from './multicast.ts'

/** A packet as `multicast-dns` decodes and encodes it. */
export type RawPacket = Partial<Pick<FullPacket, 'type' | 'flags' | 'questions' | 'answers' | 'additionals'>>
type RawRecord = NonNullable<RawPacket['answers']>[number]

/** Opcode and response code; messages that set them are ignored (RFC 6762 sections 18.3 and 18.11). */
const opcodeAndRcode = 0x780f

/** A decoded packet without the records that are of no use here; undefined when it is none of mDNS. */
export function readPacket (raw: RawPacket): MdnsPacket | undefined {
  if (((raw.flags ?? 0) & opcodeAndRcode) !== 0) return
  return {
    type: raw.type === 'query' ? 'query' : 'response',
    questions: (raw.questions ?? []).map(({ name, type }) => ({ name, type })),
    answers: (raw.answers ?? []).flatMap(readRecord),
    additionals: (raw.additionals ?? []).flatMap(readRecord)
  }
}

/** A packet to encode. A copy, because the encoder writes into what it is given. */
export function writePacket ({ questions, answers, additionals }: MdnsPacket): { questions: NonNullable<RawPacket['questions']>, answers: RawRecord[], additionals: RawRecord[] } {
  return {
    questions: questions.map(({ name, type }) => ({ name, type: type as 'PTR' })),
    answers: answers.map(writeRecord),
    additionals: additionals.map(writeRecord)
  }
}

function readRecord (raw: RawRecord): readonly MdnsRecord[] {
  if (raw.type === 'OPT' || raw.class !== 'IN') return []
  const { name, ttl = 0, flush = false } = raw
  if (raw.type === 'A' || raw.type === 'PTR') return [{ name, type: raw.type, ttl, flush, data: raw.data }]
  if (raw.type === 'SRV') return [{ name, type: raw.type, ttl, flush, data: { target: raw.data.target, port: raw.data.port } }]
  if (raw.type === 'TXT') return [{ name, type: raw.type, ttl, flush, data: [raw.data].flat().map(String) }]
  return []
}

function writeRecord (record: MdnsRecord): RawRecord {
  return record.type === 'TXT' ? { ...record, data: [...record.data] } : { ...record }
}
