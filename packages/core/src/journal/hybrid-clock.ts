import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'

/** How far ahead of this machine's clock another's stamp may pull ours, in milliseconds. */
const maxDriftMs = 60_000
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const millisLength = 10
const millisBytes = 6
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

  /** Notes an id that came from elsewhere, or, however far ahead it is, one that this node has made itself in an earlier life. */
  see (id: string, isOwn = false): void {
    const { millis, counter } = readEntryId(id)
    if (!isOwn && millis > this.#clock.now() + maxDriftMs) return
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
  let millis = 0
  for (let at = 0; at < millisLength; at++) millis = millis * 32 + digitAt(id, at)
  return { millis, counter: digitAt(id, 10) << 11 | digitAt(id, 11) << 6 | digitAt(id, 12) << 1 | digitAt(id, 13) >> 4 }
}

function digitAt (id: string, at: number): number {
  return alphabet.indexOf(id.charAt(at))
}

/** Ten digits for the 48 bits of milliseconds, sixteen for the 80 bits after them. */
function encode (bytes: Buffer): string {
  let millis = bytes.readUIntBE(0, millisBytes)
  let text = ''
  for (let digit = 0; digit < millisLength; digit++, millis = Math.floor(millis / 32)) text = alphabet.charAt(millis % 32) + text
  let [bits, count] = [0, 0]
  for (let at = millisBytes; at < bytes.length; at++) {
    bits = (bits << 8 | (bytes[at] ?? 0)) & 0xfff
    for (count += 8; count >= 5; count -= 5) text += alphabet.charAt(bits >> (count - 5) & 31)
  }
  return text
}
