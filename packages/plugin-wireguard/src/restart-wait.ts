import type { Random } from '@akshi/core'

const firstMs = 250
const longestMs = 30_000

/** How long to wait before a process that has ended is started again, after so many failures in a row. */
export function restartWaitMs (failures: number, random: Random): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(failures, 20)) * (0.5 + random.uniform() / 2)
}
