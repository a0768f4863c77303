import type { KeyObject } from 'node:crypto'
import { didFromPublicKey, publicKeyFromDid, type Did } from '@akshi/core'
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { Ed25519PublicKey, PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'

/** The same key as libp2p writes it: an Ed25519 peer id holds the whole public key. */
export function peerIdFromDid (did: Did): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(publicKeyFromDid(did)) as Ed25519PublicKey)
}

/** The DID of a peer id, if it is one of an Ed25519 key. */
export function didFromPeerId ({ type, publicKey }: PeerId): Did | undefined {
  try {
    return type === 'Ed25519' && publicKey !== undefined ? didFromPublicKey(publicKey.raw) : undefined
  } catch {
    return undefined                                                                // a point of small order
  }
}

/** The node key for libp2p, which then authenticates the DID on every connection. */
export function libp2pKey (privateKey: KeyObject): PrivateKey {
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' })
  return privateKeyFromRaw(Buffer.concat([Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]))
}
