import { fork } from 'node:child_process'
import { makePlan, type PlanOptions } from './make-plan.ts'
import { simulate, type Outcome } from './simulate.ts'

/** The argument that makes a process of the command a worker. */
export const workerArgument = '--worker'

/** Runs seeds. */
export interface SeedRunner {
  run (options: PlanOptions): Promise<Outcome>
  end (): void
}

/** Runs seeds in this process. */
export const ownRunner: SeedRunner = { run: (options) => simulate(makePlan(options)), end: () => {} }

/** Runs seeds in another process of the same command, which is started again if it dies. */
export function workerRunner (): SeedRunner {
  const start = () => fork(process.argv[1] ?? '', [workerArgument])
  let worker = start()
  return {
    run: (options) => new Promise((resolve) => {
      const settle = (outcome: Outcome) => {
        worker.off('exit', die)
        resolve(outcome)
      }
      const die = (code: number | null) => {
        worker = start()
        resolve(nothing(options.seed, `the process died with code ${code}`))
      }
      worker.once('message', settle)
      worker.once('exit', die)
      worker.send(options)
    }),
    end: () => { worker.disconnect() }
  }
}

/** What a worker does, until it is not needed any more. */
export async function work (): Promise<void> {
  process.on('message', (options) => {
    ownRunner.run(options as PlanOptions).then((outcome) => process.send?.(outcome), (error: unknown) => { throw error })
  })
  await new Promise((resolve) => process.once('disconnect', resolve))
}

function nothing (seed: number, problem: string): Outcome {
  return { seed, problems: [problem], trace: '', virtualMs: 0, messages: 0, acknowledged: 0, faults: 0, restMs: [] }
}
