import { setTimeout } from 'node:timers/promises'
import type { DhtNode } from './dht-lab.ts'

/** Resolves when others keep a node's record. */
export async function published (node: DhtNode, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs
  while ((node.discovery.status().copies ?? 0) === 0) {
    if (performance.now() > deadline) throw new Error(`nobody keeps the record of ${node.did} after ${limitMs} ms`)
    await setTimeout(20)
  }
}
