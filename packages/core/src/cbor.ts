import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import { MeshError, type MeshErrorCode } from './errors.ts'

/** Deterministic CBOR (RFC 8949, section 4.2.1). */
export function encodeCbor (value: unknown): Uint8Array {
  return encode(value, rfc8949EncodeOptions)
}

/** Strict CBOR: one item, no indefinite lengths, no numbers longer than needed, no repeated keys, maps as `Map`. Throws what cborg throws. */
export function decodeCbor (bytes: Uint8Array): unknown {
  return decode(bytes, { strict: true, useMaps: true, allowIndefinite: false, allowUndefined: false, allowNaN: false, allowInfinity: false, rejectDuplicateMapKeys: true })
}

/**
 * Reads foreign CBOR with checks: each method returns the value in the type it is named for, or throws a `MeshError`
 * of the reader's code that names the place.
 */
export class CborReader {
  readonly #code: MeshErrorCode
  readonly #subject: string

  constructor (code: MeshErrorCode, subject: string) {
    this.#code = code
    this.#subject = subject
  }

  /** Decodes one whole item. */
  decode (bytes: Uint8Array): unknown {
    try {
      return decodeCbor(bytes)
    } catch (cause) {
      throw this.fail('is not strict CBOR', cause)
    }
  }

  map (value: unknown, place: string): ReadonlyMap<unknown, unknown> {
    if (!(value instanceof Map)) throw this.fail(`${place} is not a map`)
    return value
  }

  list (value: unknown, place: string, maxLength: number): readonly unknown[] {
    if (!Array.isArray(value) || value.length > maxLength) throw this.fail(`${place} is not a list of at most ${maxLength}`)
    return value
  }

  /** A list of exactly this length. */
  tuple (value: unknown, place: string, length: number): readonly unknown[] {
    if (!Array.isArray(value) || value.length !== length) throw this.fail(`${place} is not a list of ${length}`)
    return value
  }

  text (value: unknown, place: string, maxLength: number): string {
    if (typeof value !== 'string' || value.length > maxLength) throw this.fail(`${place} is not a text of at most ${maxLength} characters`)
    return value
  }

  uint (value: unknown, place: string): number {
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.fail(`${place} is not an unsigned integer`)
    return value as number
  }

  bytes (value: unknown, place: string, length: number): Uint8Array {
    if (!(value instanceof Uint8Array) || value.length !== length) throw this.fail(`${place} is not a byte string of ${length}`)
    return value
  }

  fail (reason: string, cause?: unknown): MeshError {
    return new MeshError(this.#code, `${this.#subject}: ${reason}.`, { cause })
  }
}
