import type { Random } from './random.ts'

const baseMs = 250
const maxMs = 30_000

/** How long to wait after this many failures before: doubling from 250 ms to 30 s, each with "equal jitter" (half fixed, half random). */
export function backoffMs (failures: number, random: Random): number {
  const fullMs = Math.min(maxMs, baseMs * 2 ** Math.min(failures, 20))
  return fullMs / 2 + random.uniform() * fullMs / 2
}
