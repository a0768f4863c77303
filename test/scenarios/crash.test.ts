import { expect } from 'chai'
import { seededRandom } from '@akshi/testkit'
import { Lab } from './support/lab.ts'
import type { LabNode } from './support/lab-node.ts'

const soaks = process.env['SOAK'] === '1'
const rounds = soaks ? 200 : 6
const writers = 4
/** Big enough that the rounds of a suite cross several segments. */
const batch = 150

describe('nodes that are killed while they write', function () {
  this.timeout(soaks ? 1_200_000 : 180_000)

  it(`lose nothing that was acknowledged in ${rounds} deaths, and their feeds do not fork`, async () => {
    const seed = Number(process.env['SEED'] ?? 20261123)
    const random = seededRandom(seed)
    await using lab = await Lab.create()
    const [alpha, beta] = await Promise.all([lab.home('alpha'), lab.home('beta')])
    await beta.configure({ peers: [alpha.known] })
    await beta.start()
    await alpha.configure({ peers: [beta.reachable] })
    await alpha.start()
    const acknowledged: string[] = []
    for (let round = 0; round < rounds; round++) {
      const victim = round % 4 === 3 ? beta : alpha
      acknowledged.push(...await writeUntilKilled(alpha, victim, 1 + Math.floor(random.uniform() * 12)))
      await victim.start()
      // A new life has a new port, which the others hear from it.
      if (victim === beta) await restart(alpha, beta)
    }
    const { ids } = await alpha.journal('notes')
    expect(new Set(acknowledged).size, `seed ${seed}`).to.equal(acknowledged.length)
    expect(new Set(ids), `seed ${seed}`).to.include.keys(acknowledged)
    await lab.eventually(async () => expect(await beta.journal('notes')).to.deep.equal(await alpha.journal('notes')), 30_000)
    for (const node of [alpha, beta]) {
      const { journals, notices } = await node.status()
      expect(journals.flatMap(({ origins }) => origins.map(({ paths }) => paths)), `seed ${seed}`).to.deep.equal([1])
      expect(notices.filter(({ code }) => code !== 'MESH_DISK_FAILED'), `seed ${seed}`).to.deep.equal([])
    }
  })
})

async function restart (node: LabNode, peer: LabNode): Promise<void> {
  await node.configure({ peers: [peer.reachable] })
  await node.stop()
  await node.start()
}

/** Appends from many sides, in batches and one by one; kills a node when so many requests are acknowledged. Resolves to all ids that were. */
async function writeUntilKilled (node: LabNode, victim: LabNode, requests: number): Promise<readonly string[]> {
  const ids: string[] = []
  let answers = 0
  let killed: Promise<void> | undefined
  const write = async (writer: number) => {
    for (let n = 0; killed === undefined; n++) {
      const bodies = Array.from({ length: writer === 0 ? batch : 1 }, (_, index) => `${node.pid} ${writer} ${n} ${index}`)
      ids.push(...await node.append('notes', ...bodies))
      if (++answers >= requests) killed ??= victim.kill()
    }
  }
  await Promise.allSettled(Array.from({ length: writers }, (_, writer) => write(writer)))
  if (killed === undefined) throw new Error(`${node.name} failed by itself after ${answers} answers`)
  await killed
  return ids
}
