import { isIPv4 } from 'node:net'
import type { MdnsRecord } from './multicast.ts'
import { sameName } from './records.ts'

const typeNumbers: Readonly<Record<MdnsRecord['type'], number>> = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 }

/** Whether two records say the same of the same name, for however long. */
export function sameRecord (one: MdnsRecord, other: MdnsRecord): boolean {
  return one.type === other.type && sameName(one.name, other.name) && rdataOf(one).equals(rdataOf(other))
}

/**
 * Which of two sets of records for one name wins when both are claimed at once: positive when the first does, 0 when they
 * are the same (RFC 6762 section 8.2: by type, then by the bytes of the data).
 */
export function compareClaims (ours: readonly MdnsRecord[], theirs: readonly MdnsRecord[]): number {
  const [mine, other] = [ours, theirs].map((records) => records.map(claimBytes).sort(Buffer.compare)) as [Buffer[], Buffer[]]
  for (const [index, bytes] of mine.entries()) {
    const against = other[index]
    const order = against === undefined ? 1 : Buffer.compare(bytes, against)
    if (order !== 0) return order
  }
  return mine.length - other.length
}

function claimBytes (record: MdnsRecord): Buffer {
  return Buffer.concat([Buffer.of(0, typeNumbers[record.type]), rdataOf(record)])
}

/** The data as on the wire, names uncompressed and in lower case. */
function rdataOf (record: MdnsRecord): Buffer {
  switch (record.type) {
    case 'A': case 'AAAA': return addressBytes(record.data)
    case 'PTR': return nameBytes(record.data)
    case 'TXT': return Buffer.concat(record.data.map(lengthAndText))
    case 'SRV': return Buffer.concat([Buffer.of(0, 0, 0, 0, record.data.port >> 8 & 0xff, record.data.port & 0xff), nameBytes(record.data.target)])
  }
}

function nameBytes (name: string): Buffer {
  return Buffer.concat([...name.toLowerCase().split('.').map(lengthAndText), Buffer.of(0)])
}

function lengthAndText (text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.of(bytes.length & 0xff), bytes])
}

function addressBytes (host: string): Buffer {
  if (isIPv4(host)) return Buffer.from(host.split('.').map(Number))
  const [head = '', tail] = host.split('::')
  const [before, after] = [head, tail ?? ''].map((part) => part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))) as [number[], number[]]
  const groups = [...before, ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => 0), ...after]
  return Buffer.from(groups.flatMap((group) => [group >> 8 & 0xff, group & 0xff]))
}
