import { expect } from 'chai'
import type { Did } from '@akshi/core'
import { goodConditions, type SimulatedNode } from '@akshi/testkit'
import { Lab } from './support/lab.ts'

const { SOAK } = process.env
const sizes = SOAK === '1' ? [20, 40, 60, 80, 100] : [20, 40]
const appends = SOAK === '1' ? 6 : 2
const intervalMs = 10_000
const delayMs = 50

interface Cost {
  /** The longest time until all had an entry, virtual milliseconds. */
  readonly slowest: number
  /** Messages in an interval with one append in it: of a node on average, and of the busiest. */
  readonly mean: number
  readonly most: number
}

/** So many nodes that have met and come to rest. */
async function gather (nodes: number): Promise<Lab> {
  const lab = new Lab({ nodes, isAddressed: true, conditions: { delayMs } })
  await lab.start()
  await lab.run(2 * intervalMs)
  return lab
}

/** Appends an entry. Resolves to after how many virtual milliseconds all that are up have it; they get `withinMs`. */
async function spread (lab: Lab, from: number, withinMs: number): Promise<number> {
  const up = lab.nodes.filter(({ isUp }) => isUp)
  const counts = new Map(up.map((node) => [node, entriesOf(node)]))
  const began = lab.at
  let reached = Infinity
  lab.onStep = () => {
    if (reached === Infinity && up.every((node) => entriesOf(node) > (counts.get(node) ?? 0))) reached = lab.at - began
  }
  await lab.node(from).control.append('notes', [{ body: 'news' }])
  await lab.run(withinMs)
  return reached
}

function entriesOf ({ control }: SimulatedNode): number {
  return control.journals().find(({ name }) => name === 'notes')?.entries ?? 0
}

/** Messages that each node has sent and got, requests and answers. */
function messagesOf ({ nodes, network }: Lab): ReadonlyMap<Did, number> {
  return new Map(nodes.map(({ did }) => [did, network.traffic(did).sent.messages + network.traffic(did).received.messages]))
}

async function measure (count: number): Promise<Cost> {
  await using lab = await gather(count)
  const before = messagesOf(lab)
  let slowest = 0
  for (let append = 0; append < appends; append++) slowest = Math.max(slowest, await spread(lab, (append * 7) % count, intervalMs))
  const each = [...messagesOf(lab)].map(([did, messages]) => (messages - (before.get(did) ?? 0)) / appends)
  return { slowest, mean: each.reduce((sum, messages) => sum + messages, 0) / count, most: Math.max(...each) }
}

describe('A mesh larger than the fan-out', function () {
  this.timeout(SOAK === '1' ? 1_800_000 : 120_000)

  it(`brings an append to ${sizes.at(-1)} nodes within two seconds over links of 50 ms, at the same cost for each as in a mesh of ${sizes[0]}`, async () => {
    const costs: Cost[] = []
    for (const size of sizes) costs.push(await measure(size))
    const [first, last] = [costs[0] as Cost, costs.at(-1) as Cost]
    const print = `${sizes.join()}: ${JSON.stringify(costs)}`
    if (SOAK === '1') console.log(print)
    expect(costs.every(({ slowest }) => slowest <= 2_000), print).to.equal(true)
    expect(last.mean / first.mean, print).to.be.within(0.8, 1.2)
    expect(last.most, print).to.be.lessThan(last.mean * 2.5)
  })

  it('reaches all of thirty who can meet nobody but the one in the middle, soon at once', async () => {
    await using lab = new Lab({ nodes: 31, isAddressed: true, conditions: { delayMs } })
    for (const one of lab.nodes.slice(1)) for (const two of lab.nodes.slice(1)) if (one !== two) lab.network.cut(one.did, two.did)
    await lab.start()
    await lab.run(2 * intervalMs)
    expect(await spread(lab, 3, intervalMs), 'the first time, when most are told').to.be.at.most(4_000)
    for (const few of [0, 30, 12]) expect(await spread(lab, few, intervalMs), 'when those are told who got it otherwise before').to.be.at.most(1_000)
    expect(await spread(lab, 7, intervalMs)).to.be.at.most(4 * delayMs)
  })

  it('reaches all that are left when a third has been killed a moment ago', async () => {
    await using lab = await gather(40)
    for (let number = 1; number < 40; number += 3) lab.node(number).crash()
    expect(await spread(lab, 0, intervalMs)).to.be.at.most(2_000)
  })

  it('reaches all when one message in five is lost', async () => {
    await using lab = await gather(30)
    lab.network.set({ ...goodConditions, delayMs, loss: 0.2, timeoutMs: 1_000 })
    expect(await spread(lab, 0, 2 * intervalMs)).to.be.at.most(5_000)
  })
})
