import type { EnvelopeHeader } from '../envelope.ts'

/** What the protected header of an envelope says. */
export interface ProtectedHeader {
  /** The public key of who signed, 32 bytes. */
  readonly kid: Uint8Array
  readonly header: EnvelopeHeader
}

export const algEdDsa = -8
export const labels = { alg: 1, contentType: 3, kid: 4, akshi: -65537 } as const
const contentTypes = { journal: 42, announcement: 60, a2a: 42 } as const       // CoAP: application/octet-stream, application/cbor

export const maxHeads = 64
export const maxJournalLength = 64
export const [kidBytes, hashBytes, actorBytes] = [32, 32, 16]
export const [uintMajor, bytesMajor, textMajor, listMajor, mapMajor] = [0x00, 0x40, 0x60, 0x80, 0xa0]

const startWith = (contentType: number) => Uint8Array.of(0xa4, 0x01, 0x27, 0x03, 0x18, contentType, 0x04, 0x58, kidBytes)
/** Everything up to the public key. */
export const start = { journal: startWith(contentTypes.journal), announcement: startWith(contentTypes.announcement), a2a: startWith(contentTypes.a2a) }
/** The label of what stands after the public key. */
export const akshiLabel = Uint8Array.of(0x3a, 0x00, 0x01, 0x00, 0x00)

/** The start of the fields of a message: they are always five, and those of a journal more. */
const messageFields = mapMajor + 5
const fieldsAt = start.a2a.length + kidBytes + akshiLabel.length

/** What the bytes of a header are of, if they are one. */
export function kindOf (bytes: Uint8Array): EnvelopeHeader['kind'] {
  if (bytes[5] !== contentTypes.journal) return 'announcement'
  return bytes[fieldsAt] === messageFields ? 'a2a' : 'journal'
}
