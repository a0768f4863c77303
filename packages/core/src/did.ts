import { createPublicKey, type KeyObject } from 'node:crypto'
import { MeshError } from './errors.ts'

/** A `did:key` of an Ed25519 key, in its one canonical spelling. */
export type Did = `did:key:z6Mk${string}`

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const prefix = 'did:key:z'
const multicodec = Uint8Array.of(0xed, 0x01)
const encodedLength = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'.length

/**
 * Ed25519 public keys of small order, sign bit cleared: node:crypto accepts a forged signature under some of them for
 * any message. The seven encodings (five points, two of them also unreduced) are those libsodium refuses.
 */
const smallOrder = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'
])

/**
 * The `did:key` of a raw 32-byte Ed25519 public key (multicodec 0xed01, base58btc;
 * https://w3c-ccg.github.io/did-key-spec/).
 *
 * @throws MeshError `MESH_DID_INVALID` for another length or a key of small order.
 */
export function didFromPublicKey (publicKey: Uint8Array): Did {
  const key = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1')
  const cached = dids.get(key)
  if (cached !== undefined) return cached
  if (publicKey.length !== 32) throw invalid(`an Ed25519 public key has 32 bytes, not ${publicKey.length}`)
  refuseSmallOrder(publicKey)
  const did = prefix + base58([...multicodec, ...publicKey]) as Did
  remember(dids, key, did)
  return did
}

/**
 * The raw 32-byte public key of a DID.
 *
 * @throws MeshError `MESH_DID_INVALID` for another method, multicodec or length, a fragment, a spelling that is not
 * canonical, or a key of small order.
 */
export function publicKeyFromDid (did: string): Uint8Array {
  if (!did.startsWith(prefix)) throw invalid(`"${brief(did)}" does not start with ${prefix}`)
  if (did.length > encodedLength) throw invalid(`"${brief(did)}" is too long: give the DID alone, with no fragment or path`)
  const bytes = fromBase58(did.slice(prefix.length))
  if (bytes.length !== 34 || bytes[0] !== multicodec[0] || bytes[1] !== multicodec[1]) {
    throw invalid(`"${brief(did)}" is not the DID of an Ed25519 key (those start with did:key:z6Mk)`)
  }
  const publicKey = bytes.subarray(2)
  refuseSmallOrder(publicKey)
  return publicKey
}

/** `text` as a DID. Throws `MESH_DID_INVALID` as `publicKeyFromDid` does. */
export function parseDid (text: string): Did {
  publicKeyFromDid(text)
  return text as Did
}

/** True when `text` is a DID that `parseDid` takes. */
export function isDid (text: string): text is Did {
  try {
    publicKeyFromDid(text)
    return true
  } catch {
    return false
  }
}

const maxCached = 1_000
const keys = new Map<string, KeyObject>()
/** By the key's bytes, one a character. */
const dids = new Map<string, Did>()

/** The key of a DID, ready to verify with. Imports are cached, because one costs more than a verification saves. */
export function keyObjectFromDid (did: Did): KeyObject {
  const cached = keys.get(did)
  if (cached !== undefined) return cached
  const x = Buffer.from(publicKeyFromDid(did)).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  remember(keys, did, key)
  return key
}

function remember<Value> (cache: Map<string, Value>, key: string, value: Value): void {
  if (cache.size >= maxCached) cache.delete(cache.keys().next().value ?? '')
  cache.set(key, value)
}

/** The part of a DID a person compares: `z6Mk` and the last eight characters. */
export function shortDid (did: Did): string {
  return `z6Mk…${did.slice(-8)}`
}

function refuseSmallOrder (publicKey: Uint8Array): void {
  const masked = Buffer.from(publicKey)
  masked[31] = (masked[31] ?? 0) & 0x7f
  if (smallOrder.has(masked.toString('hex'))) throw invalid('the key is a point of small order: anybody can sign for it')
}

function base58 (bytes: readonly number[]): string {
  let value = BigInt('0x' + Buffer.from(bytes).toString('hex'))
  let text = ''
  for (; value > 0n; value /= 58n) text = alphabet.charAt(Number(value % 58n)) + text
  return text
}

function fromBase58 (text: string): Uint8Array {
  let value = 0n
  for (const character of text) {
    const digit = alphabet.indexOf(character)
    if (digit < 0) throw invalid(`"${character}" is not a base58 character`)
    value = value * 58n + BigInt(digit)
  }
  const hex = value.toString(16)
  const bytes = new Uint8Array(Buffer.from(hex.length % 2 === 0 ? hex : '0' + hex, 'hex'))
  if (text.startsWith('1')) throw invalid('a leading "1" is not canonical')
  return bytes
}

function brief (text: string): string {
  return text.length <= 70 ? text : `${text.slice(0, 70)}…`
}

function invalid (reason: string): MeshError {
  return new MeshError('MESH_DID_INVALID', `Not a usable DID: ${reason}.`)
}
