/** A secret that is known, and every form in which it is looked for. */
export interface KnownSecret {
  /** The rule that it is found by. */
  readonly rule: string
  readonly plain: readonly string[]
  readonly hex: readonly string[]
  readonly base64: readonly string[]
}

/** Shorter ones would be found where they are not meant. */
export const minSecretLength = 8
const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const multicodecEd25519Private = Uint8Array.of(0x80, 0x26)

/** The forms of a secret that is bytes. `isKey`: also those in which keys are written. */
export function formsOfBytes (rule: string, bytes: Uint8Array, isKey = false): KnownSecret {
  const buffer = Buffer.from(bytes)
  const plain = isKey ? [inBase58(buffer), inBase58(Buffer.concat([multicodecEd25519Private, buffer])), inBase32(buffer)] : []
  return { rule, plain, hex: [buffer.toString('hex')], base64: inBase64(buffer) }
}

/** The forms of a secret that is a text: as it is, and what its bytes are in base64 and hex. */
export function formsOfText (rule: string, text: string): KnownSecret {
  return { ...formsOfBytes(rule, Buffer.from(text)), plain: [text] }
}

/** A text made ready for many questions. */
export class Haystack {
  readonly #text: string
  #hex: string | undefined
  #base64: string | undefined

  constructor (text: string) {
    this.#text = text
  }

  /** Whether any form of the secret is in the text, whatever stands between the digits of hex, and however base64 is broken into lines. */
  holds ({ plain, hex, base64 }: KnownSecret): boolean {
    if (this.#text.length < minSecretLength) return false
    this.#hex ??= this.#text.replaceAll(/0x|\\x/g, '').replaceAll(/[^0-9A-Za-z]+/g, '').toLowerCase()
    this.#base64 ??= this.#text.replaceAll(/\\[nr]|\s+/g, '').replaceAll('-', '+').replaceAll('_', '/')
    return plain.some((form) => this.#text.includes(form)) || hex.some((form) => this.#hex?.includes(form)) || base64.some((form) => this.#base64?.includes(form))
  }
}

/** What is sure to stand in base64 of anything that the bytes are in: they may begin at each of three places of a group. */
function inBase64 (bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64').replace(/=+$/, '')
    const end = (offset + bytes.length) % 3 === 0 ? text.length : text.length - 1
    return text.slice(offset === 0 ? 0 : offset + 1, end)
  })
}

function inBase58 (bytes: Buffer): string {
  let text = ''
  for (let number = BigInt(`0x${bytes.toString('hex')}`); number > 0n; number /= 58n) text = (base58[Number(number % 58n)] ?? '') + text
  return text
}

function inBase32 (bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? []).map((five) => base32[parseInt(five, 2)] ?? '').join('')
}
