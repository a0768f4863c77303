import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'

/** How far ahead of this machine's clock another's stamp may pull ours, in milliseconds. */
const maxDriftMs = 60_000
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const idPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/**
 * A hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) that stamps entries. A stamp is an id of 128
 * bits: 48 of milliseconds, 16 of a logical counter and 64 of chance, written as a ULID (26 characters of Crockford's
 * base 32). Ids sort as text in the agreed order: what happened after seeing another entry sorts after it, unless that
 * entry's clock was over a minute ahead.
 */
export class HybridClock {
  readonly #clock: Clock
  readonly #random: Random
  #millis = 0
  #counter = 0

  constructor (clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** A new id, greater than all that this clock made or saw (within the drift). */
  next (): string {
    const now = Math.floor(this.#clock.now())
    if (now > this.#millis) this.#set(now, 0)
    else this.#set(this.#millis, this.#counter + 1)
    const bytes = Buffer.alloc(16)
    bytes.writeUIntBE(this.#millis, 0, 6)
    bytes.writeUInt16BE(this.#counter, 6)
    bytes.set(this.#random.bytes(8), 8)
    return encode(bytes)
  }

  /** Notes an id that came from elsewhere. */
  see (id: string): void {
    const { millis, counter } = readEntryId(id)
    if (millis > this.#clock.now() + maxDriftMs) return
    if (millis > this.#millis || (millis === this.#millis && counter > this.#counter)) this.#set(millis, counter)
  }

  #set (millis: number, counter: number): void {
    const overflow = counter > 0xffff
    this.#millis = overflow ? millis + 1 : millis
    this.#counter = overflow ? 0 : counter
  }
}

/** True for text that is an entry id. */
export function isEntryId (text: unknown): text is string {
  return typeof text === 'string' && idPattern.test(text)
}

/** The time in an entry id: milliseconds since the Unix epoch by the origin's hybrid clock, and the counter within them. */
export function readEntryId (id: string): { millis: number, counter: number } {
  let value = 0n
  for (const character of id) value = value * 32n + BigInt(alphabet.indexOf(character))
  return { millis: Number(value >> 80n), counter: Number((value >> 64n) & 0xffffn) }
}

function encode (bytes: Buffer): string {
  let value = BigInt('0x' + bytes.toString('hex'))
  let text = ''
  for (let i = 0; i < 26; i++, value /= 32n) text = alphabet.charAt(Number(value % 32n)) + text
  return text
}
