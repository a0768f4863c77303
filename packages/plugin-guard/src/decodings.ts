/** What a text says once it is decoded: another text, or a value of JSON. */
export type Decoding = { readonly text: string } | { readonly value: unknown } | { readonly bytes: Buffer }

const jsonStart = /^\s*[[{"]/
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

/** One round of decoding: JSON, or else its escapes; percent-encoding; base64 and hex, also in the middle of other text. */
export function * decodingsOf (text: string): Generator<Decoding> {
  const value = jsonStart.test(text) ? parse(text) : undefined
  if (value !== undefined) yield { value }
  else if (text.includes('\\')) yield { text: unescape(text) }
  if (/%[0-9a-f]{2}/i.test(text)) yield { text: text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString()) }
  yield * bytesIn(text)
}

function * bytesIn (text: string): Generator<Decoding> {
  // Base64 that is broken into lines is one run.
  const joined = /\n/.test(text) && /^[\w+/\s-]+=*\s*$/.test(text) ? text.replaceAll(/\s/g, '') : text
  for (const [run] of joined.matchAll(/[\w+/-]{16,}={0,2}/g)) {
    if (run.length % 2 === 0 && /^[0-9a-f]{32,}$/i.test(run)) yield * bytesOf(Buffer.from(run, 'hex'))
    yield * bytesOf(Buffer.from(run, 'base64'))
    const parts = run.split(/[/_-]/)
    if (parts.length > 1) for (const part of parts) if (part.length >= 16) yield * bytesOf(Buffer.from(part, 'base64'))
  }
}

function * bytesOf (bytes: Buffer): Generator<Decoding> {
  if (bytes[0] === 0x30) yield { bytes }
  const text = textOf(bytes)
  if (text !== undefined) yield { text }
}

/** Bytes as the text that they are; `undefined` when they are none. */
function textOf (bytes: Buffer): string | undefined {
  for (const byte of bytes.subarray(0, 16)) if (byte < 9 || (byte > 13 && byte < 32) || byte === 127) return undefined
  const text = bytes.toString()
  // eslint-disable-next-line no-control-regex -- control characters are what tells it from a text
  return /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text) ? undefined : text
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unescape (text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-f]{4})|(.))/gi, (_, code: string | undefined, character: string) => code === undefined ? escapes[character] ?? character : String.fromCharCode(parseInt(code, 16)))
}
