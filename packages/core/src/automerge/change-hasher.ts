import { hash } from 'node:crypto'
import { ChangeWriter, type PlannedChange } from './change-writer.ts'
import type { ValueRows } from './log-values.ts'

/** Bytes of a hash. */
export const hashBytes = 32

/** Writes the changes of one chain as Automerge does and hashes them. */
export class ChangeHasher {
  /** Of the changes added so far, 32 bytes each; zeros follow. */
  readonly hashes: Buffer
  readonly #writer = new ChangeWriter()
  #hashed = 0

  /** For so many changes, which append these texts in turn. */
  constructor (changes: number, texts: ValueRows) {
    this.#writer.take(texts)
    this.hashes = Buffer.alloc(changes * hashBytes)
  }

  /** Hashes the next change. Returns what was hashed: as `ChangeWriter.write`. */
  add (change: PlannedChange): Uint8Array {
    const previous = this.#hashed === 0 ? undefined : this.hashes.subarray(this.#hashed - hashBytes, this.#hashed)
    const framed = this.#writer.write(change, previous)
    // as a string, because making a Buffer takes longer than hashing
    const hashed = hash('sha256', framed, 'binary')
    this.hashes.write(hashed, this.#hashed, 'latin1')
    this.#hashed += hashBytes
    return framed
  }
}
