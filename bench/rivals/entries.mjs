// The same entries for every system: about 266 bytes as JSON, 120 of them words. Made from their index alone.

const author = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const letters = 'etaoinshrdlucmfwypvbgkjqxz'
const textLength = 120
const firstAt = Date.UTC(2025, 0, 1)
const vocabulary = Array.from({ length: 2_000 }, (_, index) => word(random(index + 1e9)))

/** What a system that makes its own ids is given: `{ ts, author, text }`. */
export function bodyAt (index) {
  const next = random(index)
  let text = ''
  while (text.length < textLength) text += pick(vocabulary, next) + ' '
  return { ts: firstAt + index * 50 + Math.floor(next() * 50), author, text: text.slice(0, textLength) }
}

/** What the others are given: the same, with a ULID. */
export function entryAt (index) {
  const body = bodyAt(index)
  return { id: ulid(body.ts, random(index + 2e9)), kind: 'note', ...body }
}

function word (next) {
  return Array.from({ length: 3 + Math.floor(next() * 7) }, () => letters[Math.floor(next() ** 2 * letters.length)]).join('')
}

function pick (values, next) {
  return values[Math.floor(next() * values.length)]
}

function ulid (at, next) {
  const time = Array.from({ length: 10 }, (_, digit) => crockford[Math.floor(at / 32 ** (9 - digit)) % 32])
  return time.join('') + Array.from({ length: 16 }, () => pick(crockford, next)).join('')
}

/** Mulberry32: small, seeded, good enough to make words. */
function random (seed) {
  let state = seed >>> 0
  return () => {
    state = state + 0x6d2b79f5 >>> 0
    let x = Math.imul(state ^ state >>> 15, state | 1)
    x ^= x + Math.imul(x ^ x >>> 7, x | 61)
    return ((x ^ x >>> 14) >>> 0) / 2 ** 32
  }
}
