import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { makePlan } from './make-plan.ts'
import { mutations, type Mutation } from './mutation.ts'
import { printAction, type Plan } from './plan.ts'
import { shrinkPlan } from './shrink.ts'
import { simulate, type Outcome } from './simulate.ts'

const usage = `Usage: akshi-sim [--seed N] [--seeds M] [--nodes 4] [--minutes 2]

Runs whole meshes in this process, in virtual time, from one seed: agents write while nodes crash, lose disks and
networks fail. Heals everything, and checks that nothing was lost and all have come together.

  --seed N        the first seed (1)
  --seeds M       how many seeds, one after the other (1)
  --nodes N       nodes of the mesh, 2 to 16 (4)
  --minutes N     virtual minutes before everything is healed (2)
  --plan FILE     runs a plan that was saved, instead of one made from a seed
  --save FILE     where the shortest plan that fails is written
  --budget N      runs to spend on finding a shorter plan for a failure (60)
  --mutation NAME breaks the first node on purpose: ${mutations.join(', ')}
  --trace         prints all that happens
  --keep-going    goes on with the next seed after a failure
`
const options = {
  seed: { type: 'string', default: '1' },
  seeds: { type: 'string', default: '1' },
  nodes: { type: 'string', default: '4' },
  minutes: { type: 'string', default: '2' },
  budget: { type: 'string', default: '60' },
  plan: { type: 'string' },
  save: { type: 'string' },
  mutation: { type: 'string' },
  trace: { type: 'boolean', default: false },
  'keep-going': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false }
} as const

interface Request {
  readonly plans: () => Iterable<Plan>
  readonly mutation: Mutation | undefined
  readonly budget: number
  readonly save: string | undefined
  readonly trace: boolean
  readonly goesOn: boolean
}

type Write = (line: string) => void

/** The `akshi-sim` command. Resolves to its exit code: 0 when all is well, 1 when a seed failed, 2 when it was not understood. */
export async function main (args: readonly string[], write: Write = (line) => { process.stdout.write(line + '\n') }): Promise<number> {
  let request: Request | undefined
  try {
    request = await readRequest(args)
  } catch (error) {
    write(error instanceof Error ? error.message : String(error))
  }
  if (request === undefined) write(usage)
  if (request === undefined) return args.includes('--help') ? 0 : 2
  return await runAll(request, write)
}

async function readRequest (args: readonly string[]): Promise<Request | undefined> {
  const { values } = parseArgs({ args: [...args], options })
  if (values.help) return undefined
  const [seed, seeds, nodes, budget] = [whole('seed', values.seed, 0, 2 ** 31), whole('seeds', values.seeds, 1, 1e6), whole('nodes', values.nodes, 2, 16), whole('budget', values.budget, 0, 1e6)]
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new TypeError(`--minutes is "${values.minutes}", but must be a number above 0.`)
  const mutation = mutations.find((name) => name === values.mutation)
  if (values.mutation !== undefined && mutation === undefined) throw new TypeError(`--mutation is one of: ${mutations.join(', ')}.`)
  const saved = values.plan === undefined ? undefined : JSON.parse(await readFile(values.plan, 'utf8')) as Plan
  const plans = function * () {
    if (saved !== undefined) yield saved
    else for (let next = seed; next < seed + seeds; next++) yield makePlan({ seed: next, nodes, minutes })
  }
  return { plans, mutation, budget, save: values.save, trace: values.trace, goesOn: values['keep-going'] }
}

function whole (name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new TypeError(`--${name} is "${text}", but must be a whole number from ${least} to ${most}.`)
}

async function runAll ({ plans, mutation, budget, save, trace, goesOn }: Request, write: Write): Promise<number> {
  const total = { runs: 0, failed: 0, virtualMs: 0, messages: 0, acknowledged: 0, faults: 0 }
  for (const plan of plans()) {
    const lines: string[] | undefined = trace ? [] : undefined
    const outcome = await simulate(plan, { mutation, lines })
    for (const line of lines ?? []) write(line)
    total.runs++
    for (const key of ['virtualMs', 'messages', 'acknowledged', 'faults'] as const) total[key] += outcome[key]
    write(summary(outcome))
    if (outcome.problems.length === 0) continue
    total.failed++
    await explain(plan, outcome, { mutation, budget, save }, write)
    if (!goesOn) break
  }
  if (total.runs > 1) write(`${total.runs} seeds, ${total.failed} failed: ${(total.virtualMs / 3_600_000).toFixed(1)} virtual hours, ${total.faults} faults, ${total.acknowledged} writes, ${total.messages} messages`)
  return total.failed === 0 ? 0 : 1
}

function summary ({ seed, problems, trace, virtualMs, messages, acknowledged, faults, restMs }: Outcome): string {
  const rest = restMs.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(' and ')
  return `seed ${seed} ${problems.length === 0 ? 'ok' : 'FAILED'}: ${(virtualMs / 1000).toFixed(0)} virtual seconds, ${faults} faults, ${acknowledged} writes, ${messages} messages, at rest after ${rest || 'nothing'}, trace ${trace.slice(0, 16)}`
}

async function explain (plan: Plan, { problems }: Outcome, { mutation, budget, save }: Pick<Request, 'mutation' | 'budget' | 'save'>, write: Write): Promise<void> {
  for (const problem of problems) write(`  ${problem}`)
  const kinds = new Set(problems.map(kindOf))
  const shortest = await shrinkPlan(plan, async (shorter) => (await simulate(shorter, { mutation })).problems.some((problem) => kinds.has(kindOf(problem))), budget)
  write(`Shortest plan found, ${shortest.actions.length} of ${plan.actions.length} actions:`)
  write(`  ${JSON.stringify({ ...shortest, actions: undefined })}`)
  for (const action of shortest.actions) write(`  ${printAction(action)}`)
  if (save !== undefined) await writeFile(save, JSON.stringify(shortest, null, 2) + '\n')
  const { seed, nodes, durationMs } = plan
  write(`To run it again: akshi-sim --seed ${seed} --nodes ${nodes} --minutes ${durationMs / 60_000}${mutation === undefined ? '' : ` --mutation "${mutation}"`} --trace`)
  if (save !== undefined) write(`The shortest plan: akshi-sim --plan ${save}`)
}

/** A problem without what differs between runs, so that a shorter plan has to fail in the same way. */
function kindOf (problem: string): string {
  return problem.replace(/node-\d+|\bw\d+|\d+|[0-9a-f]{6,}/g, '?').slice(0, 40)
}
