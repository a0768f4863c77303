import { expect } from 'chai'
import { main, makePlan, shrinkPlan, simulate, type Plan } from '@akshi/testkit'

const seeds = Array.from({ length: 20 }, (_, index) => index + 1)
const small = (seed: number) => makePlan({ seed, nodes: 2 + seed % 3, minutes: 0.5 })

/** A plan in which one node writes and the power goes after it. */
function writeAndLose (): Plan {
  const plan = { ...makePlan({ seed: 1, nodes: 2, minutes: 0.2 }), late: [], strangers: [], malicious: [] }
  const noise = Array.from({ length: 10 }, (_, index) => ({ at: 100 + index, do: 'append' as const, node: 1, count: 1 }))
  return { ...plan, actions: [...noise, { at: 5_000, do: 'append', node: 0, count: 2 }, { at: 5_001, do: 'crash', node: 0, power: true, points: 0, seed: 3 }] }
}

describe('The simulator', function () {
  this.timeout(60_000)

  for (const seed of seeds) {
    it(`finds nothing wrong with seed ${seed}`, async () => {
      const { problems } = await simulate(small(seed))
      expect(problems, `akshi-sim --seed ${seed} --nodes ${2 + seed % 3} --minutes 0.5`).to.deep.equal([])
    })
  }

  /** A link that waited for a time that had passed, over and over. */
  it('finds nothing wrong any more with a seed that found something', async () => {
    expect((await simulate(makePlan({ seed: 127, nodes: 4, minutes: 2 }))).problems).to.deep.equal([])
  })

  it('does the same twice for the same seed, and something else for another', async () => {
    const traces = [await simulate(small(5)), await simulate(small(5)), await simulate(small(8))].map(({ trace }) => trace)
    expect([traces[0] === traces[1], traces[0] === traces[2]]).to.deep.equal([true, false])
  })

  it('finds a disk that loses what was synced, and leaves out of the plan what does not matter', async () => {
    const fails = async (plan: Plan) => (await simulate(plan, { mutation: 'lying sync' })).problems.some((problem) => problem.includes('forgot'))
    const plan = writeAndLose()
    const { actions } = await shrinkPlan(plan, fails, 40)
    expect([await fails(plan), (await simulate(plan)).problems, actions.map(({ do: deed }) => deed)]).to.deep.equal([true, [], ['append', 'crash']])
  })

  it('finds a node that keeps envelopes to itself', async () => {
    const plan: Plan = { ...writeAndLose(), actions: Array.from({ length: 12 }, (_, index) => ({ at: index * 100, do: 'append', node: 0, count: 1 })) }
    const problems = async (mutation?: 'withhold') => (await simulate(plan, { mutation })).problems.length
    expect([await problems(), await problems('withhold') > 0]).to.deep.equal([0, true])
  })

  it('prints the seed, the shortest plan and how to run it again, and fails', async () => {
    const lines: string[] = []
    const code = await main(['--seed', '6', '--minutes', '2', '--mutation', 'lying sync', '--seeds', '10', '--budget', '4'], (line) => lines.push(line))
    const text = lines.join('\n')
    expect(code).to.equal(1)
    for (const part of ['FAILED', 'Shortest plan found', 'akshi-sim --seed', '--mutation "lying sync"']) expect(text).to.include(part)
  })

  it('says what it does not understand', async () => {
    const lines: string[] = []
    expect([await main(['--nodes', '1'], (line) => lines.push(line)), lines.join().includes('--nodes')]).to.deep.equal([2, true])
  })
})
