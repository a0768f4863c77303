import { isPasswordLike, isPlaceholder, isRandom, isTokenLike } from './likeness.ts'
import type { TextRule } from './text-rule.ts'

const passwords = 'pass(?:word|wd|phrase|code)|pwd'
const keys = '(?:api|access|secret|auth|client|private|signing|encryption|deploy|master|webhook|shared|account|admin|service|registry)[-_ ]?(?:access[-_ ]?)?key|token|secret|credentials?|bearer'
const assigned = '["\']?\\s{0,4}(?::=|=>|[:=])\\s{0,4}'

const isPasswordName = /(?:password|passwd|passphrase)$|(?:^|_)(?:pass|pwd|passcode|pw)$/
const isKeyName = new RegExp(`(?:${keys})$`)
const isPhraseName = /(?:mnemonic|(?:seed|recovery|backup)_?(?:phrase|words))$/
/** Names that end as those of secrets do, of what is none. */
const isPublicName = /public|(?:page|next|cursor|continuation|sync|resume|continue|csrf|xsrf)_?token$|(?:foreign|primary|sort|partition|cache|idempotency)_key$/

/** Credentials that are told by what stands before them. */
export const credentialRules: readonly TextRule[] = [
  { id: 'jwt', finds: 'a JSON Web Token', pattern: /(?<![\w.-])eyJ[\w-]{8,2000}\.(?:eyJ[\w-]{8,}\.[\w-]{20,}|[\w-]{0,800}\.[\w-]{8,40}\.[\w-]{8,}\.[\w-]{16,})/g, accepts: isJwt },
  { id: 'bearer-token', finds: 'a bearer token', pattern: /(?<![A-Za-z])bearer\s{1,4}(?<secret>[\w.~+/-]{16,}={0,2})/gi, accepts: isTokenLike },
  { id: 'bearer-token', finds: 'a bearer token', pattern: /authorization["']?\s{0,2}[:=]\s{0,2}["']?token\s{1,4}(?<secret>[\w.~+/-]{16,}={0,2})/gi, accepts: isTokenLike },
  { id: 'basic-auth', finds: 'HTTP basic authentication', pattern: /(?<![A-Za-z])basic\s{1,4}(?<secret>[A-Za-z0-9+/]{8,}={0,2})/gi, accepts: isBasic },
  { id: 'url-password', finds: 'a password in a URL', pattern: /:\/\/[^\s:@/"'<>]{0,100}:(?<secret>[^\s@/"'<>]{3,200})@[^\s/@"'<>]/gi, accepts: (value) => !isPlaceholder(value) },
  { id: 'netrc', finds: 'a password of .netrc', pattern: /(?<![A-Za-z])login\s{1,8}\S{1,100}\s{1,8}password\s{1,8}(?<secret>\S{6,200})/g, accepts: isPasswordLike },
  { id: 'password', finds: 'a password', pattern: new RegExp(`(?:${passwords})${assigned}(?:"(?<secret>[^"\\r\\n]{4,200})"|'(?<single>[^'\\r\\n]{4,200})')`, 'gi'), accepts: isPasswordLike },
  { id: 'password', finds: 'a password', pattern: new RegExp(`(?:${passwords})${assigned}(?<secret>[^\\s"'\`,;&<>(){}\\[\\]|\\\\]{6,200})(?![^\\s"'\`,;&<>{}\\]|\\\\])`, 'gi'), accepts: isBarePassword },
  { id: 'named-secret', finds: 'a key or token, by its name', pattern: new RegExp(`(?:${keys})${assigned}["']?(?<secret>[\\w.~+/-]{16,}={0,2})`, 'gi'), accepts: isNamedToken },
  { id: 'seed-phrase', finds: 'a seed phrase', pattern: /(?:mnemonic|(?:seed|recovery|backup)[-_ ]?(?:phrase|words))["']?\s{0,4}[:=]\s{0,4}["']?(?<secret>(?:[a-z]{3,8}[ ,]{1,2}){11,23}[a-z]{3,8})/gi, accepts: isPhrase }
]

/** The rule that a value breaks by standing under this name; `undefined` when it does not. */
export function namedRule (given: string, value: string): string | undefined {
  if (given === '' || given.length > 100 || value.length > 4096) return undefined
  const name = wordsOf(given)
  if (/^jwk_[dk]$/.test(name)) return value.length >= 22 && isRandom(value) ? 'private-jwk' : undefined
  if (isPublicName.test(name)) return undefined
  if (isPasswordName.test(name)) return isPasswordLike(value) ? 'password' : undefined
  if (isKeyName.test(name)) return isTokenLike(value) ? 'named-secret' : undefined
  return isPhraseName.test(name) && isPhrase(value) ? 'seed-phrase' : undefined
}

/** `apiKey`, `API-KEY` and `api key` as `api_key`. */
function wordsOf (name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll(/[-. ]/g, '_').toLowerCase()
}

/** The header of a token of a real issuer is JSON that names an algorithm. */
function isJwt (token: string): boolean {
  const header = Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString()
  return /"(?:alg|enc)"\s*:/.test(header)
}

function isBasic (value: string): boolean {
  const text = Buffer.from(value, 'base64').toString()
  const [, password] = /^[\x20-\x7e]{0,100}?:([\x20-\x7e]{3,})$/.exec(text) ?? []
  return password !== undefined && !isPlaceholder(password)
}

/** Without quotes, names of variables and calls stand there more often than passwords. */
function isBarePassword (value: string): boolean {
  return isPasswordLike(value) && (/\d/.test(value) || /^[a-z]{14,}$/.test(value)) && !/^[\w$]+(?:\.[\w$]+)+$/.test(value) && !/^[a-z]+(?:[A-Z][a-z]*)+\d?$/.test(value)
}

function isNamedToken (value: string, { input, index }: RegExpExecArray): boolean {
  const name = /[\w.-]*$/.exec(input.slice(Math.max(0, index - 24), index))?.[0] ?? ''
  return isTokenLike(value) && !isPublicName.test(wordsOf(`${name}${/^[a-z]+/i.exec(input.slice(index, index + 24))?.[0] ?? ''}`))
}

function isPhrase (value: string): boolean {
  const words = value.trim().split(/[\s,]+/)
  return [12, 15, 18, 21, 24].includes(words.length) && new Set(words).size > words.length / 2 && words.every((word) => /^[a-z]{3,8}$/.test(word))
}
