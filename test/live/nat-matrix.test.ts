import { expect } from 'chai'
import { ifPossible, print } from './if-possible.ts'
import { NatLab } from './nat-lab.ts'
import { natted, type NatMesh, type NatMeshOptions } from './nat-mesh.ts'
import type { Nat } from './nat-rules.ts'
import { percentile } from './percentile.ts'

/** A pair of NATs, and what is promised of it: in 95 of 100 runs, in milliseconds from both nodes being up. */
interface Row extends NatMeshOptions {
  /** What each of the two says of why there is no tunnel straight to the other; nothing where there is to be one. */
  readonly verdicts?: readonly [string, string]
  readonly sameMs?: number
  readonly directMs?: number
  readonly verdictMs?: number
}

/** What was measured; NaN for what is not to be. */
interface Times {
  readonly same: number
  /** Until a link was in a tunnel straight from one to the other, and until there was one each way. */
  readonly direct: number
  readonly both: number
  /** Until each said why there is no such tunnel. */
  readonly verdict: number
}

const soaks = process.env['SOAK'] === '1'
const runs = soaks ? Number(process.env['NAT_RUNS'] ?? 20) : 1
const test = ifPossible(NatLab.missing())

const kinds = ['cone', 'cone:40001', 'random', 'blocked'] as const
const promises: Readonly<Record<string, Partial<Row>>> = {
  'cone / cone': { directMs: 2_000 },
  'cone / random': { sameMs: 2_000, verdictMs: 12_000 },
  'random / random': { sameMs: 2_000, verdictMs: 12_000 }
}
/** Mirror images count once. All cones hear only those they have talked to, and nobody can say from which port a random one will. */
const matrix = kinds.flatMap((ra, index) => kinds.slice(index).map((rb): Row => {
  return { ra, rb, ...rb.startsWith('cone') ? {} : { verdicts: [verdictOf(ra, rb), verdictOf(rb, ra)] }, ...promises[`${ra} / ${rb}`] }
}))
const rows: readonly Row[] = [...matrix, { ra: 'cone', rb: 'cone', loss: 0.2, directMs: 5_000 }]
const columns = ['same', 'direct', 'both', 'verdict'] as const
const daily = ['cone / cone', 'random / random']

describe('Two nodes behind NATs that know of each other only who they are, and of a public peer where it is (ms: p50, p95)', function () {
  this.timeout(runs * 60_000)
  const table: string[] = []

  for (const row of rows) {
    if (!soaks && !daily.includes(nameOf(row))) continue
    test(`have the same, and meet ${wayOf(row)}: ${nameOf(row)}`, async () => {
      const times: Times[] = []
      try {
        for (let run = 0; run < runs; run++) times.push(await natted(row, (mesh) => measure(mesh, row)))
      } finally {
        table.push(`| ${[nameOf(row), wayOf(row), ...columns.map((column) => spread(times, column)), times.length].join(' | ')} |`)
        print(table.at(-1) ?? '')
      }
      if (soaks) expectPromises(row, times)
    })
  }

  after(() => {
    if (soaks) console.log(['| NATs | Path | Journals the same | Direct | Direct each way | Verdict | Runs |', `|${' --- |'.repeat(columns.length + 3)}`, ...table].join('\n'))
  })
})

async function measure (mesh: NatMesh, { verdicts }: Row): Promise<Times> {
  await mesh.start()
  await mesh.append()
  const isDirect = verdicts === undefined
  const [same, direct, both, verdict] = await Promise.all([
    mesh.untilSame(), isDirect ? mesh.untilDirect() : NaN, isDirect ? mesh.untilBothDirect() : NaN, isDirect ? NaN : mesh.untilVia(verdicts)
  ])
  expect(await mesh.shaken()).to.deep.equal([isDirect, isDirect])
  return { same, direct, both, verdict }
}

function expectPromises (row: Row, times: readonly Times[]): void {
  for (const column of ['same', 'direct', 'verdict'] as const) {
    const promised = row[`${column}Ms`]
    if (promised !== undefined) expect(percentile(times.map((each) => each[column]), 0.95), column).to.be.at.most(promised)
  }
}

/** What a node behind one NAT says of why it has no tunnel to another behind the other. */
function verdictOf (here: Nat, there: Nat): string {
  if (here === 'blocked') return 'no UDP comes through to this node'
  if (there === 'blocked') return 'no UDP comes through to it'
  if (here === 'random' && there === 'random') return 'both NATs are symmetric'
  return here === 'random' ? 'the NAT of this node is symmetric' : 'its NAT is symmetric'
}

function spread (times: readonly Times[], which: keyof Times): string {
  const values = times.map((each) => each[which])
  return values.some(Number.isNaN) ? '-' : `${percentile(values, 0.5)}, ${percentile(values, 0.95)}`
}

function wayOf ({ verdicts }: Row): string {
  return verdicts === undefined ? 'in a tunnel straight through' : 'through the public peer'
}

function nameOf ({ ra, rb, loss }: Row): string {
  return `${ra} / ${rb}${loss === undefined ? '' : `, ${loss * 100} % lost`}`
}
