import { createPrivateKey, createPublicKey, generateKeyPairSync, hkdfSync, sign, webcrypto, type KeyObject } from 'node:crypto'
import { didFromPublicKey, type Did } from './did.ts'
import { isMeshError, MeshError } from './errors.ts'
import { readSecret, writeNewSecret } from './secret-file.ts'

/** The node's one identity: its Ed25519 key, and everything that is another encoding of it. */
export interface Identity {
  readonly did: Did
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** For TLS only; its bytes never leave the process. */
  readonly privateKey: KeyObject
  /** Raw X25519 public key, 32 bytes, for messages that others carry. Derived from the node key. */
  readonly sealingKey: Uint8Array
  /** The key pair behind `sealingKey`, for the Web Crypto API (X25519, `deriveBits`): whoever has it can open what is sealed to this node, but not read the key. */
  sealingPair (): Promise<webcrypto.CryptoKeyPair>
  /** Ed25519 signature (RFC 8032), 64 bytes. */
  sign (message: Uint8Array): Uint8Array
  /** The DID of an agent on this node: the same for the same node key and name, with nothing stored. */
  agentDid (name: string): Did
}

const pkcs8Ed25519 = Buffer.from('302e020100300506032b657004220420', 'hex')
const pkcs8X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex')

/**
 * An identity from a private key.
 *
 * @throws MeshError `MESH_KEY_INVALID` when it is not an Ed25519 key.
 */
export function identityFromKey (privateKey: KeyObject): Identity {
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new MeshError('MESH_KEY_INVALID', `The node key is ${privateKey.asymmetricKeyType ?? 'not a key pair'}, but must be Ed25519.`)
  }
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(pkcs8Ed25519.length)
  const publicKey = rawPublicKey(privateKey)
  const sealing = importSeed(pkcs8X25519, derive(seed, 'akshi-sealing/v1'))
  const sealingKey = rawPublicKey(sealing)
  return {
    did: didFromPublicKey(publicKey),
    publicKey,
    privateKey,
    sealingKey,
    sealingPair: () => pairOf(sealing, sealingKey),
    sign: (message) => sign(null, message, privateKey),
    agentDid: (name) => didFromPublicKey(rawPublicKey(importSeed(pkcs8Ed25519, derive(seed, `akshi-agent/v1/${name}`))))
  }
}

/** A new identity that exists in memory only. */
export function createIdentity (): Identity {
  return identityFromKey(generateKeyPairSync('ed25519').privateKey)
}

/**
 * Reads the node key (PKCS#8 PEM).
 *
 * @throws MeshError `MESH_KEY_MISSING`, `MESH_KEY_UNREADABLE`, `MESH_KEY_EXPOSED` (others may read the file; not checked
 * on Windows) or `MESH_KEY_INVALID`.
 */
export async function readIdentity (path: string): Promise<Identity> {
  const pem = await readSecret(path, { name: 'node key', command: 'akshi init' })
  try {
    return identityFromKey(createPrivateKey(pem))
  } catch (cause) {
    throw new MeshError('MESH_KEY_INVALID', `${path} holds no Ed25519 private key in PKCS#8 PEM. Restore it from a backup: a new key is a new identity.`, { cause })
  }
}

/**
 * Makes a node key at `path` (mode 0600) unless there is one; an existing key is never replaced, whoever else starts
 * at the same moment. Resolves to the identity and whether it is new, once the file is on disk.
 *
 * @throws MeshError as `readIdentity`, and `MESH_DISK_FAILED` when the file cannot be written.
 */
export async function ensureIdentity (path: string): Promise<{ identity: Identity, created: boolean }> {
  try {
    return { identity: await readIdentity(path), created: false }
  } catch (error) {
    if (!isMeshError(error, 'MESH_KEY_MISSING')) throw error
  }
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })
  const created = await writeNewSecret(path, pem.toString())
  return { identity: await readIdentity(path), created }
}

async function pairOf (key: KeyObject, raw: Uint8Array): Promise<webcrypto.CryptoKeyPair> {
  const [privateKey, publicKey] = await Promise.all([
    webcrypto.subtle.importKey('pkcs8', key.export({ format: 'der', type: 'pkcs8' }), 'X25519', false, ['deriveBits']),
    webcrypto.subtle.importKey('raw', raw, 'X25519', true, [])
  ])
  return { privateKey, publicKey }
}

function derive (seed: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', seed, new Uint8Array(0), info, 32))
}

function importSeed (prefix: Buffer, seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' })
}

function rawPublicKey (privateKey: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32))
}
