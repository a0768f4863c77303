import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { PlanOptions } from './make-plan.ts'
import type { Outcome } from './simulate.ts'

export type SweepScope = Pick<PlanOptions, 'nodes' | 'minutes'> & { readonly from: number }

/** What a sweep came to so far, as it stands in its file. */
interface Totals extends SweepScope {
  /** All seeds below this one are done. */
  next: number
  /** Seeds above it that are done too: several run at once. */
  ahead: number[]
  runs: number
  virtualMs: number
  faults: number
  acknowledged: number
  messages: number
  failures: { readonly seed: number, readonly problems: readonly string[] }[]
}

/** Many seeds, one after the other or several at once, over as many runs of the command as it takes: what is done stands in a file after each seed. */
export class Sweep {
  readonly #file: string
  readonly #totals: Totals
  readonly #end: number
  #taken: number

  /** Goes on with the file if it is there. Throws when that is of a sweep of something else. */
  constructor (file: string, scope: SweepScope, seeds: number) {
    this.#file = file
    this.#totals = existsSync(file) ? read(file, scope) : { from: scope.from, nodes: scope.nodes, minutes: scope.minutes, next: scope.from, ahead: [], runs: 0, virtualMs: 0, faults: 0, acknowledged: 0, messages: 0, failures: [] }
    this.#end = scope.from + seeds
    this.#taken = this.#totals.next
  }

  /** The next seed to run, until all are taken. */
  take (): number | undefined {
    while (this.#totals.ahead.includes(this.#taken)) this.#taken++
    return this.#taken < this.#end ? this.#taken++ : undefined
  }

  /** Notes what a seed came to; that is on disk then. */
  note ({ seed, problems, ...outcome }: Pick<Outcome, 'seed' | 'problems' | 'virtualMs' | 'faults' | 'acknowledged' | 'messages'>): void {
    const totals = this.#totals
    totals.runs++
    for (const key of ['virtualMs', 'faults', 'acknowledged', 'messages'] as const) totals[key] += outcome[key]
    if (problems.length > 0) totals.failures.push({ seed, problems })
    totals.ahead.push(seed)
    while (totals.ahead.includes(totals.next)) totals.next++
    totals.ahead = totals.ahead.filter((each) => each > totals.next)
    const unfinished = `${this.#file}.new`
    writeFileSync(unfinished, JSON.stringify(totals, null, 1) + '\n')
    renameSync(unfinished, this.#file)
  }

  get failed (): number { return this.#totals.failures.length }

  get summary (): string {
    const { runs, failures, virtualMs, faults, acknowledged, messages, next } = this.#totals
    const seeds = failures.map(({ seed }) => seed).join(', ')
    return `${runs} seeds, ${failures.length} failed${seeds === '' ? '' : ` (${seeds})`}: ${(virtualMs / 3_600_000).toFixed(1)} virtual hours, ${faults} faults, ${acknowledged} writes, ${messages} messages; next is seed ${next}`
  }
}

function read (file: string, scope: SweepScope): Totals {
  const totals = JSON.parse(readFileSync(file, 'utf8')) as Totals
  for (const key of ['from', 'nodes', 'minutes'] as const) {
    if (totals[key] !== scope[key]) throw new TypeError(`${file} is of a sweep with ${key} ${totals[key]}, not ${scope[key]}. Name another file, or the same numbers.`)
  }
  return totals
}
