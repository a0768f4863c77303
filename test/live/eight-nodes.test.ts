import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { LiveMesh } from './live-mesh.ts'
import { reasonWithoutNamespaces } from './network-lab.ts'

const soaks = process.env['SOAK'] === '1'
const rounds = soaks ? 20 : 1
const weather = { loss: 0.1, delayMs: 5 }
const half = [0, 1, 2, 3]
const victims = [1, 6]
const partitionMs = soaks ? 8_000 : 5_000
/** What all have in common is promised for so soon after a heal; on a machine that does other things too, the test asks for less. */
const promisedMs = 2_000
const deadlineMs = soaks ? 20_000 : 10_000

const why = reasonWithoutNamespaces()
const test = why === undefined ? it : it.skip
const titled = (title: string) => why === undefined ? title : `${title} (skipped: ${why})`

describe('eight nodes, each a process on a host of its own, that write all the time', function () {
  this.timeout(soaks ? 1_200_000 : 120_000)

  test(titled(`converge soon after each of ${rounds} partitions, on a network that loses every tenth packet, when some were killed meanwhile`), async () => {
    await using mesh = await LiveMesh.make(8)
    const missing = mesh.lan.turn(weather)
    const times: number[] = []
    for (let round = 0; round < rounds; round++) times.push(await partAndHeal(mesh, round % 2 === 0 ? 'split' : 'unplug'))
    const p95 = percentile(times, 0.95)
    console.log(`      converged ${times.map((ms) => ms.toFixed()).join(', ')} ms after the heal: p95 ${p95.toFixed()} ms${missing === undefined ? '' : ` (${missing})`}`)
    if (soaks) expect(p95).to.be.at.most(promisedMs)
  })
})

/** One round. Resolves to how long it took from the heal until all had the same. */
async function partAndHeal (mesh: LiveMesh, how: 'split' | 'unplug'): Promise<number> {
  mesh.write()
  await setTimeout(1_000)
  const partedAt = performance.now()
  mesh.lan[how](half)
  await setTimeout(partitionMs / 3)
  await Promise.all(victims.map((host) => mesh.crash(host)))
  await setTimeout(Math.max(0, partedAt + partitionMs - performance.now()))
  await mesh.until(() => linksOverGap(mesh) === 0, deadlineMs, () => `no link over the gap counts as working, but ${linksOverGap(mesh)} do`)
  mesh.lan.heal()
  const healedAt = performance.now()
  await mesh.rest()
  await mesh.agree(deadlineMs)
  const tookMs = performance.now() - healedAt
  await mesh.check()
  return tookMs
}

/** How many links between the halves count as working. */
function linksOverGap (mesh: LiveMesh): number {
  const hosts = [...mesh.nodes.keys()]
  return hosts.reduce((sum, from) => sum + hosts.filter((to) => half.includes(from) !== half.includes(to) && mesh.isLinked(from, to)).length, 0)
}

function percentile (values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? NaN
}
