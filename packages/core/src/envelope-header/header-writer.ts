import { ByteSink } from '../automerge/byte-sink.ts'
import { publicKeyFromDid } from '../did.ts'
import type { AnnouncementHeader, JournalHeader, MessageHeader } from '../envelope.ts'
import { akshiLabel, bytesMajor, listMajor, mapMajor, start, textMajor, uintMajor, type ProtectedHeader } from './header-format.ts'

const out = new ByteSink(1 << 10)

/** Writes a protected header. The order of the fields follows from their names. */
export function writeHeader ({ kid, header }: ProtectedHeader): Uint8Array {
  out.clear()
  out.copy(start[header.kind])
  out.copy(kid)
  out.copy(akshiLabel)
  if (header.kind === 'a2a') message(header)
  else numbered(header)
  return out.bytes.slice(0, out.length)
}

function message ({ at, to, expiresAt }: MessageHeader): void {
  head(mapMajor, 5)
  number('v', 1)
  number('at', at)
  string('to', publicKeyFromDid(to))
  word('kind', 'a2a')
  number('expires', expiresAt)
}

function numbered (header: JournalHeader | AnnouncementHeader): void {
  const isLog = header.kind === 'journal' && header.part === 'log'
  const hasPrev = header.kind === 'journal' && header.prev !== undefined
  head(mapMajor, 4 + (header.kind === 'journal' ? 4 : 0) + (isLog ? 2 : 0) + (hasPrev ? 1 : 0))
  number('v', 1)
  number('at', header.at)
  number('seq', header.seq)
  word('kind', header.kind)
  if (header.kind === 'journal') {
    const { part, prev, actor, heads, journal } = header
    word('part', part)
    if (prev !== undefined) string('prev', prev)
    string('actor', actor)
    text('heads')
    head(listMajor, heads.length)
    for (const each of heads) byteString(each)
    if (header.part === 'log') number('entries', header.entries)
    word('journal', journal)
    if (header.part === 'log') number('segment', header.segment)
  }
}

function head (major: number, value: number): void {
  if (value < 24) return out.byte(major + value)
  const size = value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000 ? 4 : 8
  out.byte(major + ({ 1: 24, 2: 25, 4: 26, 8: 27 }[size] as number))
  for (let shift = size - 1; shift >= 0; shift--) out.byte(Math.floor(value / 2 ** (8 * shift)) % 0x100)
}

function text (value: string): void {
  head(textMajor, value.length)
  for (let at = 0; at < value.length; at++) out.byte(value.charCodeAt(at))
}

function byteString (value: Uint8Array): void {
  head(bytesMajor, value.length)
  out.copy(value)
}

function number (name: string, value: number): void {
  text(name)
  head(uintMajor, value)
}

function word (name: string, value: string): void {
  text(name)
  text(value)
}

function string (name: string, value: Uint8Array): void {
  text(name)
  byteString(value)
}
