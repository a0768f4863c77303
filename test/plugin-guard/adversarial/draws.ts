import { seededRandom } from '@akshi/testkit'

export const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
export const lower = upper.toLowerCase()
export const digits = '0123456789'
export const hexDigits = `${digits}abcdef`
export const alnum = upper + lower + digits
export const urlSafe = `${alnum}-_`
export const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

const random = seededRandom(7)

/** Characters drawn from an alphabet: nothing that looks like a secret stands in this repository. */
export function draw (alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(random.uniform() * alphabet.length)]).join('')
}

export function drawBytes (length: number): Buffer {
  return Buffer.from(random.bytes(length))
}

/** As `draw`, with a letter of each case and a digit in it, as real keys of that length have. */
export function drawMixed (alphabet: string, length: number): string {
  return `${draw(alphabet, length - 3)}x7Q`
}
