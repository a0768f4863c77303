import type { Random } from '@akshi/core'

/** Chance that repeats itself: mulberry32 from a seed. */
export function seededRandom (seed = 1): Random {
  let state = seed
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { uniform, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(uniform() * 256)) }
}
