const maxNumberBytes = 8

/** Reads bytes from front to back, as Automerge writes them. Throws `RangeError` where they end too early or are not canonical. */
export class Cursor {
  readonly bytes: Uint8Array
  at: number

  constructor (bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  get done (): boolean { return this.at >= this.bytes.length }

  /** The next bytes: a view, not a copy. */
  take (length: number): Uint8Array {
    const end = this.at + length
    if (end > this.bytes.length) throw new RangeError(`it is cut short: ${length} bytes should follow and ${this.bytes.length - this.at} do`)
    const part = this.bytes.subarray(this.at, end)
    this.at = end
    return part
  }

  /** Unsigned LEB128 up to 2^53 - 1, in as few bytes as it needs. */
  unsigned (): number {
    const first = this.#byte()
    if (first < 0x80) return first
    let value = first - 0x80
    for (let scale = 0x80, digit = 1; digit < maxNumberBytes; digit++, scale *= 0x80) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte >= 0x80) continue
      if (byte === 0) throw new RangeError('it has a number in more bytes than it needs')
      if (value <= Number.MAX_SAFE_INTEGER) return value
      break
    }
    throw new RangeError('it has a number that is too large')
  }

  /** Signed LEB128 between -(2^53 - 1) and 2^53 - 1, in as few bytes as it needs. */
  signed (): number {
    let value = 0
    let before = 0
    for (let scale = 1, digit = 0; digit < maxNumberBytes; digit++, scale *= 0x80) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte >= 0x80) {
        before = byte
        continue
      }
      // a last byte that only repeats the sign
      if (digit > 0 && byte === ((before & 0x40) === 0 ? 0 : 0x7f)) throw new RangeError('it has a number in more bytes than it needs')
      if ((byte & 0x40) !== 0) value -= scale * 0x80
      if (Number.isSafeInteger(value)) return value
      break
    }
    throw new RangeError('it has a number that is too large')
  }

  #byte (): number {
    const byte = this.bytes[this.at++]
    if (byte === undefined) throw new RangeError('it is cut short in the middle of a number')
    return byte
  }
}
