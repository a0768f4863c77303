import { createPublicKey } from 'node:crypto'
import type { Identity } from '@akshi/core'
import { createCertificate } from '@akshi/plugin-http'
import { hex } from './material.ts'

/** Little-endian encodings of the points of small order, with and without the sign bit. */
export const smallOrderKeys = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'
].flatMap((key) => [key, key.slice(0, 62) + (Number.parseInt(key.slice(62), 16) | 0x80).toString(16)])

export function describeIdentity (name: string, seed: Uint8Array, identity: Identity) {
  const { publicKey, did, sealingKey } = identity
  const spki = createPublicKey(identity.privateKey).export({ format: 'der', type: 'spki' })
  return {
    name,
    seed: hex(seed),
    publicKey: hex(publicKey),
    spki: hex(spki),
    did,
    sealingKey: hex(sealingKey),
    agents: { planner: identity.agentDid('planner'), notes: identity.agentDid('notes') },
    certificate: hex(createCertificate(identity).der)
  }
}
