import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { openAnnouncement, type Did, type Random, type SignedAnnouncement } from '@akshi/core'

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/**
 * What only members read of a record. With a secret of the mesh it is encrypted (AES-256-GCM, RFC 5116; the key by HKDF-SHA-256 of the
 * secret), so that nodes of other meshes that keep the record learn no more than whose it is; without one it is in the clear.
 */
export class MeshSeal {
  readonly #meshId: string
  readonly #key: Uint8Array | undefined
  readonly #random: Random

  constructor (meshId: string, secret: string | undefined, random: Random) {
    this.#meshId = meshId
    this.#random = random
    this.#key = secret === undefined ? undefined : new Uint8Array(hkdfSync('sha256', secret, meshId, 'akshi-dht-content/v1', 32))
  }

  /** The content of a record of `did`. */
  close (did: Did, announcement: Uint8Array): Uint8Array {
    if (this.#key === undefined) return announcement
    const nonce = this.#random.bytes(nonceBytes)
    const cipher = createCipheriv(algorithm, this.#key, nonce).setAAD(Buffer.from(did))
    return Buffer.concat([nonce, cipher.update(announcement), cipher.final(), cipher.getAuthTag()])
  }

  /** The announcement in the content of a record, verified; nothing when it is of another mesh, another node or no longer valid. */
  open (did: Did, content: Uint8Array, now: number): SignedAnnouncement | undefined {
    try {
      const signed = openAnnouncement(this.#decrypt(did, content), this.#meshId)
      return signed.announcement.did === did && signed.announcement.expiresAt > now ? signed : undefined
    } catch {
      return undefined
    }
  }

  #decrypt (did: Did, content: Uint8Array): Uint8Array {
    if (this.#key === undefined) return content
    const decipher = createDecipheriv(algorithm, this.#key, content.subarray(0, nonceBytes), { authTagLength: tagBytes }).setAAD(Buffer.from(did))
    decipher.setAuthTag(content.subarray(-tagBytes))
    return Buffer.concat([decipher.update(content.subarray(nonceBytes, -tagBytes)), decipher.final()])
  }
}
