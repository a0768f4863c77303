/** As many are copied sooner one by one than by making a view of them. */
const fewBytes = 32

/** Bytes written one after another into room that is used again, so that writing many small things allocates nothing. */
export class ByteSink {
  /** The first `length` of these are what was written; views of them end with the next write. */
  bytes: Uint8Array
  length = 0

  constructor (room = 64) {
    this.bytes = new Uint8Array(room)
  }

  clear (): void {
    this.length = 0
  }

  byte (value: number): void {
    if (this.length === this.bytes.length) this.#grow(1)
    this.bytes[this.length++] = value
  }

  /** Unsigned LEB128. */
  unsigned (value: number): void {
    let left = value
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.byte(left % 0x80 + 0x80)
    this.byte(left)
  }

  /** Signed LEB128. */
  signed (value: number): void {
    let left = value
    for (; left < -0x40 || left >= 0x40; left = Math.floor(left / 0x80)) this.byte((left & 0x7f) + 0x80)
    this.byte(left & 0x7f)
  }

  /** Text in ASCII, with its length before it. */
  ascii (text: string): void {
    this.unsigned(text.length)
    for (let index = 0; index < text.length; index++) this.byte(text.charCodeAt(index))
  }

  /** Bytes of another place, from `start` to before `end`. */
  copy (from: Uint8Array, start = 0, end = from.length): void {
    const length = end - start
    if (this.length + length > this.bytes.length) this.#grow(length)
    if (length > fewBytes) this.bytes.set(from.subarray(start, end), this.length)
    else for (let index = 0; index < length; index++) this.bytes[this.length + index] = from[start + index] as number
    this.length += length
  }

  append (other: ByteSink): void {
    this.copy(other.bytes, 0, other.length)
  }

  /** Puts a number in signed LEB128 in the place of the byte there. */
  replace (at: number, value: number): void {
    const after = this.bytes.slice(at + 1, this.length)
    this.length = at
    this.signed(value)
    this.copy(after)
  }

  equals (other: Uint8Array | undefined): boolean {
    if (this.length !== (other?.length ?? 0)) return false
    for (let index = 0; index < this.length; index++) if (this.bytes[index] !== other?.[index]) return false
    return true
  }

  #grow (more: number): void {
    const bytes = new Uint8Array(Math.max(2 * this.bytes.length, this.length + more))
    bytes.set(this.bytes)
    this.bytes = bytes
  }
}
