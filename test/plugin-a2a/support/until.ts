import { setTimeout } from 'node:timers/promises'

const pollMs = 10
const deadlineMs = 10_000

/** Resolves when the condition holds. What it waits for crosses sockets, so there is no event to wait for here. */
export async function until (holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + deadlineMs
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${holds}`)
    await setTimeout(pollMs)
  }
}
