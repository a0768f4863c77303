import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Did } from '@akshi/core'
import { expect } from 'chai'
import { DhtLab, type DhtNode } from './support/dht-lab.ts'

const script = fileURLToPath(new URL('support/dht-process.ts', import.meta.url))
/** The long form is for a machine that has nothing else to do, and asserts times. */
const soaks = process.env.SOAK === '1'
const size = Number(process.env.AKSHI_DHT_NODES ?? (soaks ? 50 : 8))
const frozen = Math.ceil(size / 5)

describe(`a DHT of ${size} where ${frozen} nodes are frozen`, function () {
  this.timeout(300_000)

  it('gives the right answers, and none of them late', async () => {
    await using lab = new DhtLab()
    const first = await lab.node()
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx/esm'), '--conditions=source', script, first.place, String(frozen)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    try {
      const ready = once(child, 'message') as Promise<[readonly Did[]]>
      const nodes = [first, ...await lab.more(size - frozen - 1, { through: [first] })]
      const [theirs] = await ready
      child.kill('SIGSTOP')
      const times = await lookUp(nodes, [...nodes.map(({ did }) => did), ...theirs])
      const p95 = times[Math.floor(0.95 * times.length)] ?? Infinity
      console.log(`      ${times.length} look-ups: p50 ${times[Math.floor(times.length / 2)]} ms, p95 ${p95} ms, longest ${times.at(-1)} ms`)
      expect(p95).to.be.at.most(soaks ? 1_000 : 30_000)
    } finally {
      await end(child)
    }
  })
})

/** Each asks for some of all, frozen ones among them. Resolves to how long it took, sorted. */
async function lookUp (nodes: readonly DhtNode[], dids: readonly Did[]): Promise<readonly number[]> {
  const times: number[] = []
  for (const [index, did] of dids.entries()) {
    const node = nodes[(7 * index + 3) % nodes.length] as DhtNode
    const beganAt = performance.now()
    const { addresses, reason } = await node.discovery.lookup(did)
    times.push(Math.round(performance.now() - beganAt))
    expect(addresses.length, `${did}: ${reason}`).to.equal(1)
  }
  return times.sort((a, b) => a - b)
}

async function end (child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  if (child.exitCode === null && child.kill('SIGKILL')) await ended
}
