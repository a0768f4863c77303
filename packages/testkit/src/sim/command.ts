import { writeFile } from 'node:fs/promises'
import { readRequest, usage, type Request } from './arguments.ts'
import { makePlan } from './make-plan.ts'
import { printAction, type Plan } from './plan.ts'
import { ownRunner, work, workerArgument, workerRunner, type SeedRunner } from './seed-worker.ts'
import { shrinkPlan } from './shrink.ts'
import { simulate, type Outcome } from './simulate.ts'
import { Sweep } from './sweep.ts'

type Write = (line: string) => void

/** The `akshi-sim` command. Resolves to its exit code: 0 when all is well, 1 when a seed failed, 2 when it was not understood. */
export async function main (args: readonly string[], write: Write = (line) => { process.stdout.write(line + '\n') }): Promise<number> {
  if (args[0] === workerArgument) return await work().then(() => 0)
  let run: (() => Promise<number>) | undefined
  try {
    run = await prepare(args, write)
  } catch (error) {
    write(error instanceof Error ? error.message : String(error))
  }
  if (run !== undefined) return await run()
  write(usage)
  return args.includes('--help') ? 0 : 2
}

async function prepare (args: readonly string[], write: Write): Promise<(() => Promise<number>) | undefined> {
  const request = await readRequest(args)
  if (request === undefined) return undefined
  if (request.sweep === undefined) return () => runAll(request, write)
  const sweep = new Sweep(request.sweep, { ...request, from: request.seed }, request.seeds)
  return () => runSweep(sweep, request, write)
}

/** Runs what is left of a sweep. Failures are noted, and not looked into. */
async function runSweep (sweep: Sweep, { nodes, minutes, jobs }: Request, write: Write): Promise<number> {
  const runners = jobs === 1 ? [ownRunner] : Array.from({ length: jobs }, workerRunner)
  const runAlong = async (runner: SeedRunner) => {
    for (let seed = sweep.take(); seed !== undefined; seed = sweep.take()) {
      const outcome = await runner.run({ seed, nodes, minutes })
      sweep.note(outcome)
      write(summary(outcome))
      for (const problem of outcome.problems) write(`  ${problem}`)
    }
    runner.end()
  }
  await Promise.all(runners.map(runAlong))
  write(sweep.summary)
  return sweep.failed === 0 ? 0 : 1
}

async function runAll (request: Request, write: Write): Promise<number> {
  const { mutation, trace, goesOn } = request
  const total = { runs: 0, failed: 0, virtualMs: 0, messages: 0, acknowledged: 0, faults: 0 }
  for (const plan of plansOf(request)) {
    const lines: string[] | undefined = trace ? [] : undefined
    const outcome = await simulate(plan, { mutation, lines })
    for (const line of lines ?? []) write(line)
    total.runs++
    for (const key of ['virtualMs', 'messages', 'acknowledged', 'faults'] as const) total[key] += outcome[key]
    write(summary(outcome))
    if (outcome.problems.length === 0) continue
    total.failed++
    await explain(plan, outcome, request, write)
    if (!goesOn) break
  }
  if (total.runs > 1) write(`${total.runs} seeds, ${total.failed} failed: ${(total.virtualMs / 3_600_000).toFixed(1)} virtual hours, ${total.faults} faults, ${total.acknowledged} writes, ${total.messages} messages`)
  return total.failed === 0 ? 0 : 1
}

function * plansOf ({ plan, seed, seeds, nodes, minutes }: Request): Generator<Plan> {
  if (plan !== undefined) yield plan
  else for (let next = seed; next < seed + seeds; next++) yield makePlan({ seed: next, nodes, minutes })
}

function summary ({ seed, problems, trace, virtualMs, messages, acknowledged, faults, restMs }: Outcome): string {
  const rest = restMs.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(' and ')
  return `seed ${seed} ${problems.length === 0 ? 'ok' : 'FAILED'}: ${(virtualMs / 1000).toFixed(0)} virtual seconds, ${faults} faults, ${acknowledged} writes, ${messages} messages, at rest after ${rest || 'nothing'}, trace ${trace.slice(0, 16)}`
}

async function explain (plan: Plan, { problems }: Outcome, { mutation, budget, save }: Request, write: Write): Promise<void> {
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
