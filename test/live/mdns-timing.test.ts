import { expect } from 'chai'
import { ifPossible, print } from './if-possible.ts'
import type { LiveNode } from './live-node.ts'
import { MdnsMesh, peersOf } from './mdns-mesh.ts'
import { reasonWithoutNamespaces } from './network-lab.ts'
import { percentile } from './percentile.ts'
import { until } from './until.ts'

const soaks = process.env['SOAK'] === '1'
const test = ifPossible(reasonWithoutNamespaces())

/** How many milliseconds after its process was started a node ran, had met the other and been met by it, and had an entry of it. */
interface Took {
  readonly running: number
  readonly met: number
  readonly entry: number
}

/** Runs the second of two nodes that know nothing of each other, until it has an entry of the first. */
async function meet (loss: number): Promise<Took> {
  await using mesh = await MdnsMesh.make(2)
  const first = await mesh.start(0)
  await first.append('notes', 'hello')
  const second = await mesh.node(1)
  if (loss > 0) mesh.lan.turn({ loss, delayMs: 0 })
  const began = performance.now()
  const since = () => Math.round(performance.now() - began)
  await second.start()
  const running = since()
  const meeting = Promise.all([first, second].map((node) => until(async () => (await peersOf(node)).length === 1, 60_000, 'met'))).then(since)
  await until(async () => (await second.entries('notes')).length === 1, 60_000, 'the entry is there')
  const entry = since()
  return { running, met: await meeting, entry }
}

/** Prints what so many meetings took. Resolves to that. */
async function measure (title: string, runs: number, loss: number): Promise<readonly Took[]> {
  const took: Took[] = []
  for (let run = 0; run < runs; run++) took.push(await meet(loss))
  for (const what of ['running', 'met', 'entry'] as const) {
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => percentile(took.map((each) => each[what]), share))
    print(`${title}: ${what} p50 ${p50}, p90 ${p90}, p99 ${p99} ms after its start, ${runs} runs`)
  }
  return took
}

describe('two nodes without configuration', function () {
  this.timeout(soaks ? 1_200_000 : 60_000)

  test('share the first entry within 1.5 s of the second\'s start, in half of all runs, and within 5 s in all', async () => {
    const took = (await measure('no loss', soaks ? 50 : 1, 0)).map(({ entry }) => entry)
    if (!soaks) return                                                               // that they do is what a short run shows
    expect(percentile(took, 0.5)).to.be.at.most(1_500)
    expect(percentile(took, 0.99)).to.be.at.most(5_000)
  })

  if (soaks) {
    test('find each other within 10 s where a fifth of all packets is lost', async () => {
      expect(percentile((await measure('20 % loss', 50, 0.2)).map(({ met }) => met), 0.99)).to.be.at.most(10_000)
    })
  }
})

describe('ten nodes without configuration', function () {
  this.timeout(180_000)

  if (soaks) {
    test('all see all others', async () => {
      await using mesh = await MdnsMesh.make(10)
      const nodes: LiveNode[] = []
      for (let host = 0; host < 10; host++) nodes.push(await mesh.node(host))
      const began = performance.now()
      await Promise.all(nodes.map((node) => node.start()))
      const running = performance.now()
      const isComplete = async () => (await Promise.all(nodes.map(peersOf))).every((peers) => peers.length === 9)
      await until(isComplete, 60_000, 'all see nine')
      print(`ten nodes: all run after ${Math.round(running - began)} ms, all have met all after ${Math.round(performance.now() - began)} ms`)
    })
  }
})
