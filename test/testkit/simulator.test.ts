import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { main, makePlan, shrinkPlan, simulate, type Action, type Plan } from '@akshi/testkit'

const seeds = Array.from({ length: 50 }, (_, index) => index + 1)
const saved = new URL('simulator-plans/', import.meta.url)
const small = (seed: number) => makePlan({ seed, nodes: 2 + seed % 3, minutes: 0.5 })

/** A plan with these actions and nothing else in it. */
function planOf (actions: readonly Action[], rest: Partial<Plan> = {}): Plan {
  return { ...makePlan({ seed: 1, nodes: 2, minutes: 0.2 }), late: [], strangers: [], malicious: [], folders: [], apart: [], closed: [], ...rest, actions }
}

/** A plan in which one node writes and the power goes after it. */
function writeAndLose (): Plan {
  const noise = Array.from({ length: 10 }, (_, index): Action => ({ at: 100 + index, do: 'append', node: 1, count: 1 }))
  return planOf([...noise, { at: 5_000, do: 'append', node: 0, count: 2 }, { at: 5_001, do: 'crash', node: 0, power: true, points: 0, seed: 3 }])
}

describe('The simulator', function () {
  this.timeout(60_000)

  for (const seed of seeds) {
    it(`finds nothing wrong with seed ${seed}`, async () => {
      const { problems } = await simulate(small(seed))
      expect(problems, `akshi-sim --seed ${seed} --nodes ${2 + seed % 3} --minutes 0.5`).to.deep.equal([])
    })
  }

  for (const name of readdirSync(saved)) {
    it(`finds nothing wrong any more with a plan that found something: ${name}`, async () => {
      const { problems } = await simulate(JSON.parse(readFileSync(new URL(name, saved), 'utf8')) as Plan)
      expect(problems, `akshi-sim --plan test/testkit/simulator-plans/${name}`).to.deep.equal([])
    })
  }

  it('does the same twice for the same seed, and something else for another', async () => {
    const traces = [await simulate(small(5)), await simulate(small(5)), await simulate(small(8))].map(({ trace }) => trace)
    expect([traces[0] === traces[1], traces[0] === traces[2]]).to.deep.equal([true, false])
  })

  it('brings nodes together that only meet in a folder, after it was away, lost files and was put back', async () => {
    const plan = planOf([
      { at: 100, do: 'append', node: 0, count: 3 },
      { at: 2_000, do: 'keep folder', folder: 0 },
      { at: 2_100, do: 'unmount', folder: 0, node: 1 },
      { at: 3_000, do: 'change', node: 0 },
      { at: 5_000, do: 'spoil files', folder: 0, chance: 1 },
      { at: 8_000, do: 'roll back folder', folder: 0 },
      { at: 11_000, do: 'lose files', folder: 0, chance: 0.5 }
    ], { folders: [[0, 1]], apart: [[0, 1]] })
    const { problems, messages, acknowledged } = await simulate(plan)
    expect([problems, messages, acknowledged]).to.deep.equal([[], 0, 4])
  })

  it('sees nodes that nothing brings together', async () => {
    const { problems } = await simulate(planOf([{ at: 100, do: 'append', node: 0, count: 1 }], { folders: [[0]], apart: [[0, 1]] }))
    expect(problems).to.deep.equal(['node-1 lacks w0', 'node-1 reads otherwise than node-0'])
  })

  it('turns bits over on disks, and what others have is fetched again', async () => {
    const flips = Array.from({ length: 6 }, (_, index): Action => ({ at: 3_000 + index * 1_000, do: 'flip bits', node: 0, count: 3, live: index % 2 === 1, seed: index }))
    const lines: string[] = []
    const { problems } = await simulate(planOf([{ at: 100, do: 'append', node: 0, count: 30 }, { at: 200, do: 'change', node: 1 }, ...flips]), { lines })
    expect([problems, lines.filter((line) => line.includes('is damaged')).length]).to.deep.equal([[], 18])
  })

  it('sees to it that a journal with a share list stays with those on it', async () => {
    const plan = planOf([{ at: 100, do: 'append', node: 0, count: 2, journal: 1 }, { at: 200, do: 'change', node: 1, journal: 1 }], { nodes: 3, closed: [[0, 1]], folders: [[0, 1, 2]] })
    expect([(await simulate(plan)).problems, (await simulate(plan, { mutation: 'shares with all' })).problems.some((problem) => problem.includes('not both get'))]).to.deep.equal([[], true])
  })

  it('finds a disk that loses what was synced, and leaves out of the plan what does not matter', async () => {
    const fails = async (plan: Plan) => (await simulate(plan, { mutation: 'lying sync' })).problems.some((problem) => problem.includes('forgot'))
    const plan = writeAndLose()
    const { actions } = await shrinkPlan(plan, fails, 40)
    expect([await fails(plan), (await simulate(plan)).problems, actions.map(({ do: deed }) => deed)]).to.deep.equal([true, [], ['append', 'crash']])
  })

  it('prints the seed, the shortest plan and how to run it again, and fails', async () => {
    const lines: string[] = []
    const code = await main(['--seed', '6', '--minutes', '0.5', '--mutation', 'trusts all', '--seeds', '20', '--budget', '4'], (line) => lines.push(line))
    const text = lines.join('\n')
    expect(code).to.equal(1)
    for (const part of ['FAILED', 'Shortest plan found', 'akshi-sim --seed', '--mutation "trusts all"']) expect(text).to.include(part)
  })

  it('says what it does not understand', async () => {
    const lines: string[] = []
    expect([await main(['--nodes', '1'], (line) => lines.push(line)), lines.join().includes('--nodes')]).to.deep.equal([2, true])
  })
})
