const placeholder = /^(?:[<[{(].*[>\]})]?|\$.*|%.*|(.)\1*|[x*.#_-]{3,}.*|.*(?:\.\.\.|…|\*{3}|x{6}).*|.*(?:example|placeholder|redacted|change_?me|dummy|your[-_ ]?(?:own|api|secret|password|token|key)|insert[-_ ]).*|(?:my|your|the|some|test|fake|sample)?[-_]?(?:pass(?:word|wd|phrase)?|pwd|secret|token|(?:api|secret|access|private)?[-_]?key|credentials?)[-_]?(?:here|goes[-_]here|value)?|user(?:name)?|none|null|undefined|true|false|required|optional|string|hidden|masked|encrypted|unset|empty|missing)$/i
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Whether a value only stands where a secret will: `<your password>`, `${TOKEN}`, `xxxx`. */
export function isPlaceholder (value: string): boolean {
  return placeholder.test(value.slice(0, 200).trim())
}

/** Shannon entropy of the characters, in bits a character. */
export function entropyOf (text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= count / text.length * Math.log2(count / text.length)
  return bits
}

/** Whether a token was drawn by a machine: no placeholder, and no few characters over and over. */
export function isRandom (token: string): boolean {
  return entropyOf(token) >= Math.min(3.2, Math.log2(token.length) * 0.7) && !isPlaceholder(token)
}

/** Whether a value that was called a token or key is one: long, drawn by a machine, and no name, path, URL or sentence. */
export function isTokenLike (value: string): boolean {
  return value.length >= 16 && /^[\w.~+/=:@!#$%^&*-]+$/.test(value) && /\d/.test(value) && /[a-z]/i.test(value) &&
    !/^(?:https?:|did:|\.{0,2}\/|[a-z]+:\/\/)/i.test(value) && isRandom(value)
}

/** Whether a value that was called a password could be one. Words that people write there instead are not. */
export function isPasswordLike (value: string): boolean {
  if (value.length < 6 || value.length > 256 || isPlaceholder(value) || uuid.test(value)) return false
  if (/^(?:https?:\/\/|\.{0,2}\/|[a-z_$][\w$]*(?:\.[a-z_$][\w$]*)+\(?\)?$)/i.test(value)) return false
  const isMixed = /[a-z]/i.test(value) && /[\d!@#$%^&*+=?~|]/.test(value)
  const isLong = value.length >= 14 && !/\s/.test(value) && entropyOf(value) > 2.5
  return isMixed || isLong
}
