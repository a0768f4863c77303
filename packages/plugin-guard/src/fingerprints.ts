import { createHmac, hkdfSync } from 'node:crypto'
import type { Identity } from '@akshi/core'
import type { Match } from './text-rule.ts'

const length = 16

/**
 * Names a false positive without telling it: 64 bits of HMAC-SHA-256 over rule and text, under a key that is derived from the
 * node key. Who does not have that key can neither guess the text by it nor see that two nodes mean the same.
 */
export class Fingerprints {
  readonly #key: Uint8Array

  constructor ({ privateKey }: Pick<Identity, 'privateKey'>) {
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
    this.#key = new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(0), 'akshi-guard/fingerprint/v1', 32))
  }

  of ({ rule, secret }: Match): string {
    return createHmac('sha256', this.#key).update(`${rule}\0${secret.trim()}`).digest('hex').slice(0, length)
  }
}
