import { setTimeout } from 'node:timers/promises'

const pollMs = 20

/** Resolves to how many milliseconds it took until `holds` said yes. Rejects when it does not in time, and as `holds` does. */
export async function until (holds: () => Promise<boolean>, withinMs: number, what: string): Promise<number> {
  const began = performance.now()
  while (!await holds()) {
    if (performance.now() - began > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await setTimeout(pollMs)
  }
  return Math.round(performance.now() - began)
}
