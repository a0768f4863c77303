import { createHash, createPrivateKey } from 'node:crypto'
import { identityFromKey, type Identity } from '@akshi/core'

/** The same identity for the same number, always: for tests that are to repeat themselves exactly. */
export function seededIdentity (number: number): Identity {
  const seed = createHash('sha256').update(`akshi test identity ${number}`).digest()
  const key = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  return identityFromKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
}
