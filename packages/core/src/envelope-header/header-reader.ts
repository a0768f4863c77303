import { didFromPublicKey, type Did } from '../did.ts'
import type { EnvelopeHeader } from '../envelope.ts'
import { isJournalName } from '../journal-name.ts'
import {
  actorBytes, akshiLabel, bytesMajor, hashBytes, kidBytes, kindOf, listMajor, mapMajor, maxHeads, maxJournalLength, start, textMajor, uintMajor, type ProtectedHeader
} from './header-format.ts'

/** Reads a protected header of the one form that there is, field by field; gives up at the first byte that is another. */
export class CanonicalReader {
  readonly #bytes: Uint8Array
  #at = 0
  #failed = false

  constructor (bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** `undefined` for bytes that are no header in that form. */
  read (): ProtectedHeader | undefined {
    const kind = kindOf(this.#bytes)
    this.#literal(start[kind])
    const kid = this.#take(kidBytes)
    this.#literal(akshiLabel)
    const header = kind === 'journal' ? this.#journal() : kind === 'a2a' ? this.#message() : this.#announcement()
    return this.#failed || header === undefined || this.#at !== this.#bytes.length ? undefined : { kid, header }
  }

  #announcement (): EnvelopeHeader {
    this.#expect(mapMajor, 4)
    const { at, seq } = this.#common('announcement')
    return { kind: 'announcement', seq, at }
  }

  #message (): EnvelopeHeader | undefined {
    this.#expect(mapMajor, 5)
    if (this.#number('v') !== 1) this.#failed = true
    const at = this.#number('at')
    this.#name('to')
    const to = didOf(this.#byteString(kidBytes))
    this.#word('kind', 'a2a')
    const expiresAt = this.#number('expires')
    return to === undefined ? undefined : { kind: 'a2a', to, at, expiresAt }
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

/** `undefined` for bytes that are no usable key. */
function didOf (publicKey: Uint8Array): Did | undefined {
  try {
    return didFromPublicKey(publicKey)
  } catch {
    return undefined
  }
}
