import type { Random } from './random.ts'

const baseMs = 250
const maxMs = 30_000
/** Up to here waits double with each failure; from then on they grow with how long it has lasted. */
const soonMs = 1_000
const shareOfOutage = 1 / 16

/** How long to wait after this many failures before: doubling from 250 ms to 30 s, each with "equal jitter" (half fixed, half random). */
export function backoffMs (failures: number, random: Random): number {
  return jittered(Math.min(maxMs, baseMs * 2 ** Math.min(failures, 20)), random)
}

/**
 * How long to wait before somebody is tried again who must be met soon after he is back: at first as `backoffMs`, from one second
 * on a sixteenth of the time that he has been gone, so that what was lost to waiting is little against the outage. At most 30 s.
 */
export function outageBackoffMs (failures: number, goneMs: number, random: Random): number {
  const firstMs = Math.min(soonMs, baseMs * 2 ** Math.min(failures, 20))
  return jittered(Math.min(maxMs, Math.max(firstMs, goneMs * shareOfOutage)), random)
}

function jittered (fullMs: number, random: Random): number {
  return fullMs / 2 + random.uniform() * fullMs / 2
}
