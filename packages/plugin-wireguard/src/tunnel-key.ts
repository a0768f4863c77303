import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { MeshError } from '@akshi/core'

/** A WireGuard public key that was checked: 32 bytes in base64, in their one canonical spelling, as `wg pubkey` prints it. */
export type WgKey = `${string}=`

/** The X25519 key pair of a node's tunnels. */
export interface TunnelKey {
  readonly publicKey: WgKey
  /** Raw, 32 bytes. Never logged, never sent. */
  readonly privateKey: Uint8Array
}

const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex')
const spki = Buffer.from('302a300506032b656e032100', 'hex')
const keyBytes = 32

/** A new key pair that exists in memory only. */
export function createTunnelKey (): TunnelKey {
  const { privateKey } = generateKeyPairSync('x25519')
  return tunnelKeyFromPrivate(privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(pkcs8.length))
}

/**
 * The key pair of a raw private key (RFC 7748).
 *
 * @throws MeshError `MESH_KEY_INVALID` unless it has 32 bytes that are not all zero.
 */
export function tunnelKeyFromPrivate (privateKey: Uint8Array): TunnelKey {
  if (privateKey.length !== keyBytes) throw invalid(`a private key has 32 bytes, not ${privateKey.length}`)
  if (privateKey.every((byte) => byte === 0)) throw invalid('all its bytes are zero')
  const publicKey = createPublicKey(importPrivate(privateKey)).export({ format: 'der', type: 'spki' }).subarray(spki.length)
  return { publicKey: publicKey.toString('base64') as WgKey, privateKey: Uint8Array.from(privateKey) }
}

/**
 * Checks a public key that somebody else gave.
 *
 * @throws MeshError `MESH_KEY_INVALID` for another length or spelling, and for keys under which no secret can be agreed: zero and
 * the other points of small order.
 */
export function parseWgKey (text: string): WgKey {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== keyBytes || bytes.toString('base64') !== text) throw invalid('a public key is 32 bytes in base64: 43 characters and "="')
  if (!canAgree(bytes)) throw invalid('no secret can be agreed under it')
  return text as WgKey
}

/** The raw bytes of a key. */
export function wgKeyBytes (key: WgKey): Uint8Array {
  return new Uint8Array(Buffer.from(key, 'base64'))
}

/** As `parseWgKey`, for raw bytes. */
export function wgKeyFromBytes (bytes: Uint8Array): WgKey {
  return parseWgKey(Buffer.from(bytes).toString('base64'))
}

const anyKey = importPrivate(Buffer.alloc(keyBytes, 8))

/** OpenSSL refuses an agreement that comes to zero, as RFC 7748, section 6.1 wants it. */
function canAgree (publicKey: Uint8Array): boolean {
  try {
    diffieHellman({ privateKey: anyKey, publicKey: createPublicKey({ key: Buffer.concat([spki, publicKey]), format: 'der', type: 'spki' }) })
    return true
  } catch {
    return false
  }
}

function importPrivate (raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8, raw]), format: 'der', type: 'pkcs8' })
}

function invalid (reason: string): MeshError {
  return new MeshError('MESH_KEY_INVALID', `Not a usable WireGuard key: ${reason}. Copy it whole from "akshi mesh keygen" or "wg pubkey".`)
}
