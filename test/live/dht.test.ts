import { expect } from 'chai'
import { DhtMesh, dhtLookup, presentTo } from './dht-mesh.ts'
import { ifPossible, print } from './if-possible.ts'
import type { LiveNode } from './live-node.ts'
import { reasonWithoutNamespaces } from './network-lab.ts'
import { until } from './until.ts'

/** The long form is for a machine that has nothing else to do, and asserts times; the short one that it happens. */
const soaks = process.env.SOAK === '1'
const size = Number(process.env.AKSHI_DHT_NODES ?? (soaks ? 20 : 4))
const limitMs = (promisedMs: number) => soaks ? promisedMs : 60_000
const itLive = ifPossible(reasonWithoutNamespaces())

describe(`a mesh of ${size} processes over the DHT`, function () {
  this.timeout(600_000)

  itLive('finds itself from one node, lets late ones in, and goes on without the first and three in ten', async () => {
    await using mesh = await DhtMesh.make(size + 3)
    const first = await mesh.node()
    await mesh.more(size - 1, first)
    const members = [...mesh.nodes]
    print(`each of ${size} has met each other ${await mesh.allMet(members, limitMs(20_000))} ms after the last has started`)

    const stranger = await mesh.node(first, 'the secret of somebody else')
    const late = await mesh.node(first)
    const firstMs = await until(async () => mesh.metBy(late).size > 0, limitMs(1_000), 'a late joiner has met its first member')
    print(`a late joiner has met its first member ${firstMs} ms after it runs, all ${firstMs + await mesh.allMet([late], limitMs(10_000), members)} ms after`)

    expect([...mesh.metBy(stranger)]).to.deep.equal([])
    for (const node of [...members, late]) expect((await node.status()).peers.some(({ did }) => did === stranger.did), node.name).to.equal(false)

    const gone = members.slice(0, 1 + Math.round(0.3 * (size - 1)))
    const left = [...members.slice(gone.length), late]
    await Promise.all(gone.map((node) => node.kill()))
    const misses = await missesOf(left.slice(0, 3), [...left, ...gone])
    expect(misses).to.deep.equal([])

    const [, through = late] = left
    const newcomer = await mesh.node(through)
    print(`without ${gone.length} of them a new node has met all others after ${await mesh.allMet([newcomer], limitMs(20_000), left)} ms`)
    const isGone = async (node: LiveNode) => { const present = await presentTo(node); return gone.every(({ did }) => !present.has(did)) }
    for (const node of left) await until(() => isGone(node), 60_000, `${node.name} takes the dead for gone`)
  })
})

/** Pairs where one does not find what another has published. */
async function missesOf (askers: readonly LiveNode[], all: readonly LiveNode[]): Promise<readonly string[]> {
  const misses: string[] = []
  for (const asker of askers) {
    for (const node of all) if (node !== asker && (await dhtLookup(asker, node.did)).addresses.length === 0) misses.push(`${asker.name} -> ${node.name}`)
  }
  return misses
}
