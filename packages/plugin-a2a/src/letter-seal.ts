import type { CipherSuite } from '@hpke/core'
import type { Did, Identity } from '@akshi/core'

const keyBytes = 32

/**
 * Seals what is said to one node so that it alone can open it: HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
 * AES-256-GCM. Who says it is bound in by `info`, and proven by the signature of the envelope around it.
 */
export class LetterSeal {
  readonly #meshId: string
  readonly #identity: Pick<Identity, 'did' | 'sealingPair'>
  #suite: Promise<CipherSuite> | undefined
  #pair: ReturnType<Identity['sealingPair']> | undefined

  constructor (meshId: string, identity: Pick<Identity, 'did' | 'sealingPair'>) {
    this.#meshId = meshId
    this.#identity = identity
  }

  /** The encapsulated key, 32 bytes, and the ciphertext. */
  async seal (to: Did, sealingKey: Uint8Array, plain: Uint8Array): Promise<Uint8Array> {
    const suite = await this.#load()
    const recipientPublicKey = await suite.kem.deserializePublicKey(sealingKey)
    const sender = await suite.createSenderContext({ recipientPublicKey, info: this.#info(this.#identity.did, to) })
    return Buffer.concat([new Uint8Array(sender.enc), new Uint8Array(await sender.seal(plain))])
  }

  /** Rejects for what was not sealed by `from` to this node. */
  async open (from: Did, sealed: Uint8Array): Promise<Uint8Array> {
    const suite = await this.#load()
    const recipientKey = await (this.#pair ??= this.#identity.sealingPair())
    const recipient = await suite.createRecipientContext({ recipientKey, enc: sealed.slice(0, keyBytes), info: this.#info(from, this.#identity.did) })
    return new Uint8Array(await recipient.open(sealed.slice(keyBytes)))
  }

  #info (from: Did, to: Did): Uint8Array {
    return Buffer.from(`akshi-mesh/a2a-seal/v1\0${this.#meshId}\0${from}\0${to}`)
  }

  async #load (): Promise<CipherSuite> {
    this.#suite ??= import('@hpke/core').then(({ Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 }) => (
      new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
    ))
    return await this.#suite
  }
}
