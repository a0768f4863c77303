import type { FullPacket } from 'multicast-dns'
import type { MdnsPacket, MdnsRecord } from './multicast.ts'

type FullRawPacket = Pick<FullPacket, 'type' | 'id' | 'flags' | 'questions' | 'answers' | 'authorities' | 'additionals'>
type RawRecord = NonNullable<FullRawPacket['answers']>[number]

/** A packet as `multicast-dns` decodes it. */
export type RawPacket = Partial<FullRawPacket>

/** Opcode and response code; messages that set them are ignored (RFC 6762 sections 18.3 and 18.11). */
const opcodeAndRcode = 0x780f
const authoritative = 0x400
const truncation = 0x200
/** IN and ANY, also with the bit that asks for a unicast answer (RFC 6762 section 5.4), as the decoder shows that. */
const classes: readonly (string | undefined)[] = [undefined, 'IN', 'ANY', 'UNKNOWN_32769', 'UNKNOWN_33023']
const headerBytes = 12
/** RFC 6762 section 17. */
const maxBytes = 9_000
const minQuestionBytes = 5
const minRecordBytes = 11

/** Why bytes cannot be a message worth decoding; the decoder itself makes room for whatever the header says. */
export function findMisfit (bytes: Buffer): string | undefined {
  if (bytes.length < headerBytes) return 'it is shorter than a header'
  if (bytes.length > maxBytes) return `it is longer than ${maxBytes} bytes`
  const [questions = 0, ...records] = [4, 6, 8, 10].map((offset) => bytes.readUInt16BE(offset))
  const least = headerBytes + questions * minQuestionBytes + records.reduce((sum, count) => sum + count, 0) * minRecordBytes
  return least > bytes.length ? 'its header counts more than it holds' : undefined
}

/** A decoded packet without what is of no use here; undefined when it is none of mDNS. */
export function readPacket (raw: RawPacket): MdnsPacket | undefined {
  const { id = 0, flags = 0, questions = [], answers = [], authorities = [], additionals = [] } = raw
  if ((flags & opcodeAndRcode) !== 0) return
  return {
    type: raw.type === 'query' ? 'query' : 'response',
    id,
    truncated: (flags & truncation) !== 0,
    questions: questions.filter((question) => classes.includes(question.class)).map(({ name, type }) => ({ name, type })),
    answers: answers.flatMap(readRecord),
    authorities: authorities.flatMap(readRecord),
    additionals: additionals.flatMap(readRecord)
  }
}

/** A packet to encode. A copy, because the encoder writes into what it is given. */
export function writePacket (packet: MdnsPacket): { [Part in keyof FullRawPacket]: NonNullable<FullRawPacket[Part]> } {
  const { type, id, truncated, questions, answers, authorities, additionals } = packet
  return {
    type,
    id,
    flags: type === 'response' ? authoritative : truncated ? truncation : 0,
    questions: questions.map(({ name, type }) => ({ name, type: type as 'PTR' })),
    answers: answers.map(writeRecord),
    authorities: authorities.map(writeRecord),
    additionals: additionals.map(writeRecord)
  }
}

function readRecord (raw: RawRecord): readonly MdnsRecord[] {
  if (raw.type === 'OPT' || raw.class !== 'IN') return []
  const { name, ttl = 0, flush = false } = raw
  if (raw.type === 'A' || raw.type === 'AAAA' || raw.type === 'PTR') return [{ name, type: raw.type, ttl, flush, data: raw.data }]
  if (raw.type === 'SRV') return [{ name, type: raw.type, ttl, flush, data: { target: raw.data.target, port: raw.data.port } }]
  if (raw.type === 'TXT') return [{ name, type: raw.type, ttl, flush, data: [raw.data].flat().map(String) }]
  return []
}

function writeRecord (record: MdnsRecord): RawRecord {
  return record.type === 'TXT' ? { ...record, data: [...record.data] } : { ...record }
}
