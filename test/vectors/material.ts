import { createPrivateKey } from 'node:crypto'
import { identityFromKey, type Clock, type Identity } from '@akshi/core'
import { HybridClock } from '../../packages/core/src/journal/hybrid-clock.ts'

/** What all vectors are made from: fixed keys, times, actors and chance. */
export const meshId = 'default'
export const journal = 'notes'
export const at = 1_700_000_000_000
export const seeds = { alpha: run(0x00, 32), beta: run(0x20, 32) }
export const alpha = identityOf(seeds.alpha)
export const beta = identityOf(seeds.beta)

/** `length` bytes that count up from `first`. */
export function run (first: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => first + index)
}

export function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function fromHex (text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

export function identityOf (seed: Uint8Array): Identity {
  const key = Buffer.concat([fromHex('302e020100300506032b657004220420'), seed])
  return identityFromKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
}

/** A hybrid clock whose machine stands still at `now()`, with chance that counts up. */
export function hybridClock (now: () => number): HybridClock {
  let next = 0
  return new HybridClock({ now } as Clock, { bytes: (length) => run(next++ * 16, length), uniform: () => 0 })
}
