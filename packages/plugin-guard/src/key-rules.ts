import { hash } from 'node:crypto'
import { isRandom } from './likeness.ts'
import type { TextRule } from './text-rule.ts'

const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Private keys, by the form in which they are written. */
export const keyRules: readonly TextRule[] = [
  // Also one of 64 characters (Ed25519), one without its end, and one whose line ends are spaces or "\n".
  { id: 'private-key-pem', finds: 'a private key in PEM', pattern: /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?<secret>(?:(?:\s|\\[nr]){0,8}[A-Za-z][A-Za-z-]{2,20}:[^\n]{0,200}){0,4}(?:\s|\\[nr]|[A-Za-z0-9+/=]){32,})/g, accepts: isKeyText },
  { id: 'private-key-der', finds: 'a private key in base64', pattern: /(?<secret>MC4CAQAwBQYDK2V[a-z]BCIEI[A-Za-z0-9+/_-]{40}|MI[A-Za-z0-9+/_-]{4,8}IBADANBgkqhkiG9w0BAQEFAASC[A-Za-z0-9+/_-]{40}|MI[A-Za-z0-9+/_-]{2}AgEAMB[A-Z]GByqGSM49[A-Za-z0-9+/_-]{40})/g },
  { id: 'putty-key', finds: 'a PuTTY private key', pattern: /PuTTY-User-Key-File-\d[^]{0,2000}?Private-Lines: \d{1,4}\s{1,4}(?<secret>[A-Za-z0-9+/=]{16,})/g, accepts: isRandom },
  { id: 'age-key', finds: 'an age identity', pattern: /AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}/g },
  { id: 'private-jwk', finds: 'a private JWK', pattern: /"(?:d|k)"\s{0,4}:\s{0,4}"(?<secret>[\w-]{22,})"/g, accepts: (secret, { input }) => input.includes('"kty"') && isRandom(secret) },
  { id: 'wireguard-key', finds: 'a WireGuard key', pattern: /(?:PrivateKey|PresharedKey|private[-_]key|preshared[-_]key)["']?\s{0,4}[:=]\s{0,4}["']?(?<secret>[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)/gi, accepts: isRandom },
  { id: 'private-multikey', finds: 'a private Multikey', pattern: /(?<![A-Za-z0-9])z(?:3u2|42t)[1-9A-HJ-NP-Za-km-z]{43,48}(?![A-Za-z0-9])/g },
  { id: 'extended-private-key', finds: 'an extended private key', pattern: /(?<![A-Za-z0-9])[xyzt]prv[1-9A-HJ-NP-Za-km-z]{107,108}(?![A-Za-z0-9])/g, accepts: hasBase58Checksum },
  { id: 'wallet-key', finds: 'a wallet key', pattern: /(?<![A-Za-z0-9])[5KL][1-9A-HJ-NP-Za-km-z]{50,51}(?![A-Za-z0-9])/g, accepts: hasBase58Checksum }
]

/** Whether bytes are a private key in DER: PKCS#8, PKCS#1 or SEC1. All begin with a sequence of a version and what no public key has next. */
export function isPrivateDer (bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x30 || bytes.length < 40) return false
  const at = 2 + Math.max(0, (bytes[1] ?? 0) - 0x80)
  const [tag, length, version, next] = bytes.subarray(at, at + 4)
  return tag === 2 && length === 1 && (version === 0 || version === 1) && (next === 0x30 || next === 2 || next === 4)
}

/** Whether it is a key and no placeholder. */
function isKeyText (text: string): boolean {
  return isRandom(text.replaceAll(/\s|\\[nr]/g, '').slice(-64))
}

function hasBase58Checksum (text: string): boolean {
  let number = 0n
  for (const character of text) number = number * 58n + BigInt(base58.indexOf(character))
  const hex = number.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  const [body, sum] = [bytes.subarray(0, -4), bytes.subarray(-4)]
  return hash('sha256', hash('sha256', body, 'buffer'), 'buffer').subarray(0, 4).equals(sum)
}
