import { ByteSink } from './automerge/byte-sink.ts'
import { CborReader } from './cbor.ts'
import type { EnvelopeHeader } from './envelope.ts'
import { isJournalName } from './journal-name.ts'

/** What the protected header of an envelope says. */
export interface ProtectedHeader {
  /** The public key of who signed, 32 bytes. */
  readonly kid: Uint8Array
  readonly header: EnvelopeHeader
}

const algEdDsa = -8
const labels = { alg: 1, contentType: 3, kid: 4, akshi: -65537 } as const
const contentTypes = { journal: 42, announcement: 60 } as const       // CoAP: application/octet-stream, application/cbor
const maxHeads = 64
const maxJournalLength = 64
const read = new CborReader('MESH_ENVELOPE_INVALID', 'The envelope')

const [uintMajor, bytesMajor, textMajor, listMajor, mapMajor] = [0x00, 0x40, 0x60, 0x80, 0xa0]
const [kidBytes, hashBytes, actorBytes] = [32, 32, 16]
const startWith = (contentType: number) => Uint8Array.of(0xa4, 0x01, 0x27, 0x03, 0x18, contentType, 0x04, 0x58, kidBytes)
/** Everything up to the public key, and the label of what stands after it. */
const start = { journal: startWith(contentTypes.journal), announcement: startWith(contentTypes.announcement) }
const akshiLabel = Uint8Array.of(0x3a, 0x00, 0x01, 0x00, 0x00)
const out = new ByteSink(1 << 10)

/**
 * The bytes of a protected header: deterministic CBOR (RFC 8949, section 4.2.1), in which the order of the fields follows
 * from their names. Written by hand, because it is done for every envelope.
 */
export function encodeProtected ({ kid, header }: ProtectedHeader): Uint8Array {
  out.clear()
  out.copy(start[header.kind])
  out.copy(kid)
  out.copy(akshiLabel)
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
  return out.bytes.slice(0, out.length)
}

/**
 * Reads the bytes that `encodeProtected` writes, and nothing else.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID` with the reason.
 */
export function decodeProtected (bytes: Uint8Array): ProtectedHeader {
  return new CanonicalReader(bytes).read() ?? explain(bytes)
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

/** Reads a protected header of the one form that there is, field by field; gives up at the first byte that is another. */
class CanonicalReader {
  readonly #bytes: Uint8Array
  #at = 0
  #failed = false

  constructor (bytes: Uint8Array) {
    this.#bytes = bytes
  }

  read (): ProtectedHeader | undefined {
    const kind = this.#bytes[5] === contentTypes.journal ? 'journal' : 'announcement'
    this.#literal(start[kind])
    const kid = this.#take(kidBytes)
    this.#literal(akshiLabel)
    const header = kind === 'journal' ? this.#journal() : this.#announcement()
    return this.#failed || header === undefined || this.#at !== this.#bytes.length ? undefined : { kid, header }
  }

  #announcement (): EnvelopeHeader {
    this.#expect(mapMajor, 4)
    const { at, seq } = this.#common('announcement')
    return { kind: 'announcement', seq, at }
  }

  #journal (): EnvelopeHeader | undefined {
    const fields = this.#head(mapMajor)
    const { at, seq } = this.#common('journal')
    const isLog = fields > 9
    const part = isLog ? 'log' : 'state'
    this.#word('part', part)
    const hasPrev = fields % 2 === 1
    if (hasPrev) this.#name('prev')
    const prev = hasPrev ? this.#byteString(hashBytes) : undefined
    this.#name('actor')
    const actor = this.#byteString(actorBytes)
    const heads = this.#heads()
    const entries = isLog ? this.#number('entries') : 0
    const journal = this.#journalName()
    const segment = isLog ? this.#number('segment') : 0
    if (fields !== 8 + (isLog ? 2 : 0) + (hasPrev ? 1 : 0) || seq === 0 || (seq > 1) !== hasPrev) return undefined
    const common = { kind: 'journal', journal, seq, prev, actor, heads, at } as const
    return isLog ? { ...common, part: 'log', segment, entries } : { ...common, part: 'state' }
  }

  #common (kind: string): { at: number, seq: number } {
    if (this.#number('v') !== 1) this.#failed = true
    const at = this.#number('at')
    const seq = this.#number('seq')
    this.#word('kind', kind)
    return { at, seq }
  }

  #heads (): Uint8Array[] {
    this.#name('heads')
    const count = this.#head(listMajor)
    if (count > maxHeads) this.#failed = true
    const heads: Uint8Array[] = []
    while (!this.#failed && heads.length < count) heads.push(this.#byteString(hashBytes))
    return heads
  }

  #journalName (): string {
    this.#name('journal')
    const length = this.#head(textMajor)
    const name = length > maxJournalLength ? '' : Buffer.from(this.#take(length)).toString('latin1')
    if (!isJournalName(name)) this.#failed = true
    return name
  }

  #number (name: string): number {
    this.#name(name)
    const value = this.#head(uintMajor)
    if (!Number.isSafeInteger(value)) this.#failed = true
    return value
  }

  #word (name: string, value: string): void {
    this.#name(name)
    this.#name(value)
  }

  #name (text: string): void {
    this.#expect(textMajor, text.length)
    for (let at = 0; at < text.length; at++) if (this.#bytes[this.#at++] !== text.charCodeAt(at)) this.#failed = true
  }

  /** A copy: who keeps a head or an id must not keep the whole request that it came in. */
  #byteString (length: number): Uint8Array {
    this.#expect(bytesMajor, length)
    return new Uint8Array(this.#take(length))
  }

  #expect (major: number, value: number): void {
    if (this.#head(major) !== value) this.#failed = true
  }

  /** The number in the start of an item, in its shortest form; fails for an item of another kind. */
  #head (major: number): number {
    const initial = (this.#bytes[this.#at++] ?? 0xff) - major
    if (initial >= 0 && initial < 24) return initial
    if (initial < 24 || initial > 27) return this.#fail()
    const size = 2 ** (initial - 24)
    let value = 0
    for (let i = 0; i < size; i++) value = value * 0x100 + (this.#bytes[this.#at++] ?? 0)
    return value < (size === 1 ? 24 : 2 ** (size * 4)) ? this.#fail() : value
  }

  #literal (expected: Uint8Array): void {
    for (const value of expected) if (this.#bytes[this.#at++] !== value) this.#failed = true
  }

  #take (length: number): Uint8Array {
    if (this.#failed || this.#at + length > this.#bytes.length) this.#failed = true
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #fail (): number {
    this.#failed = true
    return 0
  }
}

/** Says what is wrong with bytes that are no protected header in the one form that there is. */
function explain (bytes: Uint8Array): never {
  const outer = read.map(read.decode(bytes), 'the protected header')
  if (outer.get(labels.alg) !== algEdDsa) throw read.fail('the algorithm is not EdDSA (-8)')
  read.bytes(outer.get(labels.kid), 'kid', kidBytes)
  checkFields(read.map(outer.get(labels.akshi), `label ${labels.akshi}`))
  throw read.fail('it is not in canonical form')
}

function checkFields (fields: ReadonlyMap<unknown, unknown>): void {
  if (fields.get('v') !== 1) throw read.fail(`version ${JSON.stringify(fields.get('v'))} is not 1; if it is newer, update this node`)
  const seq = read.uint(fields.get('seq'), 'seq')
  read.uint(fields.get('at'), 'at')
  const kind = fields.get('kind')
  if (kind === 'announcement') return
  if (kind !== 'journal') throw read.fail(`kind ${JSON.stringify(kind)} is not known; if it is new, update this node`)
  const part = fields.get('part')
  if (part !== 'log' && part !== 'state') throw read.fail('part is neither log nor state')
  if (!isJournalName(read.text(fields.get('journal'), 'journal', maxJournalLength))) throw read.fail('journal is not a journal name')
  if (seq === 0) throw read.fail('seq starts at 1')
  if ((seq === 1) !== (fields.get('prev') === undefined)) throw read.fail('prev must be there exactly from seq 2 on')
  if (seq > 1) read.bytes(fields.get('prev'), 'prev', hashBytes)
  read.bytes(fields.get('actor'), 'actor', actorBytes)
  for (const each of read.list(fields.get('heads'), 'heads', maxHeads)) read.bytes(each, 'a head', hashBytes)
  if (part === 'state') return
  read.uint(fields.get('segment'), 'segment')
  read.uint(fields.get('entries'), 'entries')
}
