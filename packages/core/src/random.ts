import { randomBytes } from 'node:crypto'

/** Chance as the runtime sees it. Tests pass a seeded one; keys never come from here. */
export interface Random {
  /** `length` random bytes, owned by the caller. */
  bytes (length: number): Uint8Array
  /** A number in [0, 1). */
  uniform (): number
}

/** The operating system's generator. */
export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
  uniform: () => Math.random()
}
