import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { PlanOptions } from './make-plan.ts'
import { mutations, type Mutation } from './mutation.ts'
import type { Plan } from './plan.ts'

export const usage = `Usage: akshi-sim [--seed N] [--seeds M] [--nodes 4] [--minutes 2]

Runs whole meshes in this process, in virtual time, from one seed: agents write while nodes crash, lose disks,
networks and folders fail. Heals everything, and checks that nothing was lost and all have come together.

  --seed N        the first seed (1)
  --seeds M       how many seeds, one after the other (1)
  --nodes N       nodes of the mesh, 2 to 16 (4)
  --minutes N     virtual minutes before everything is healed (2)
  --sweep FILE    keeps in the file which seeds are done and what they came to, and goes on there the next time
  --jobs N        how many processes share a sweep (1)
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
  sweep: { type: 'string' },
  jobs: { type: 'string', default: '1' },
  budget: { type: 'string', default: '60' },
  plan: { type: 'string' },
  save: { type: 'string' },
  mutation: { type: 'string' },
  trace: { type: 'boolean', default: false },
  'keep-going': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false }
} as const

export interface Request extends PlanOptions {
  readonly seeds: number
  readonly sweep: string | undefined
  readonly jobs: number
  /** One that was saved. */
  readonly plan: Plan | undefined
  readonly mutation: Mutation | undefined
  readonly budget: number
  readonly save: string | undefined
  readonly trace: boolean
  readonly goesOn: boolean
}

/** What the arguments ask for; `undefined` for help. Rejects with what is wrong with them. */
export async function readRequest (args: readonly string[]): Promise<Request | undefined> {
  const { values } = parseArgs({ args: [...args], options })
  if (values.help) return undefined
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new TypeError(`--minutes is "${values.minutes}", but must be a number above 0.`)
  const mutation = mutations.find((name) => name === values.mutation)
  if (values.sweep !== undefined && (values.mutation ?? values.plan) !== undefined) throw new TypeError('--sweep runs plans made from seeds, on whole nodes: leave out --plan and --mutation.')
  if (values.mutation !== undefined && mutation === undefined) throw new TypeError(`--mutation is one of: ${mutations.join(', ')}.`)
  return {
    seed: whole('seed', values.seed, 0, 2 ** 31),
    seeds: whole('seeds', values.seeds, 1, 1e6),
    nodes: whole('nodes', values.nodes, 2, 16),
    minutes,
    sweep: values.sweep,
    jobs: whole('jobs', values.jobs, 1, 64),
    plan: values.plan === undefined ? undefined : JSON.parse(await readFile(values.plan, 'utf8')) as Plan,
    mutation,
    budget: whole('budget', values.budget, 0, 1e6),
    save: values.save,
    trace: values.trace,
    goesOn: values['keep-going']
  }
}

function whole (name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new TypeError(`--${name} is "${text}", but must be a whole number from ${least} to ${most}.`)
}
