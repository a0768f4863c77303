// The bench against rivals: the same work by every system, in rounds. A round runs each system once in each scenario, so
// that what else the machine does falls on all alike; ratios are taken within a round, and the median of the rounds counts.
//
//   node bench/rivals/main.mjs [--rounds 5] [--only akshi,yjs] [--scenario first-sync,appends] [--scale 1] [--json FILE]
//
// Needs the workspace built (`npx tsc -b`) and the rivals installed (`npm ci` in this folder). What is measured and how:
// scenarios.mjs; how each system is wired, and what it does not do that others do: the heads of systems/*.mjs.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Lab } from './lab.mjs'
import { overview, verdicts } from './report.mjs'
import { scenarios } from './scenarios.mjs'

const systems = ['akshi', 'automerge-maps', 'automerge-json', 'yjs', 'hypercore', 'raw']
const own = { serial: ['akshi'] }

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: systems.join() },
    scenario: { type: 'string', default: Object.keys(scenarios).join() },
    scale: { type: 'string', default: '1' },
    json: { type: 'string' }
  }
})
const rounds = Number(options.rounds)
const scale = Number(options.scale)
const chosen = new Map()
for (const system of pick(options.only, systems)) chosen.set(system, await load(system))
const titles = new Map([...chosen].map(([system, { title }]) => [system, title]))
const results = []

for (let round = 0; round < rounds; round++) {
  for (const scenario of pick(options.scenario, Object.keys(scenarios))) {
    for (const system of rotate([...chosen.keys()], round)) {
      if (own[scenario]?.includes(system) === false || chosen.get(system).leavesOut?.includes(scenario)) continue
      const figures = await measure(scenario, system)
      results.push({ round, scenario, system, figures })
      console.error(`round ${round + 1}/${rounds}  ${scenario}  ${titles.get(system)}  ${describe(figures)}`)
    }
  }
}
if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(results, null, 2) + '\n')
console.log(`\nMedians of ${rounds} round${rounds === 1 ? '' : 's'}${scale === 1 ? '' : `, everything scaled by ${scale}`}\n\n${overview(results, titles)}\n\n${verdicts(results, titles)}`)

async function measure (scenario, system) {
  const lab = new Lab()
  try {
    return await scenarios[scenario](lab, system, scale)
  } finally {
    await lab.end()
  }
}

async function load (system) {
  try {
    return await import(`./systems/${system}.mjs`)
  } catch (cause) {
    if (cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause
    console.error(`${cause.message}\nInstall the rivals with "npm ci" in bench/rivals, and build the workspace with "npx tsc -b".`)
    process.exit(1)
  }
}

function pick (list, known) {
  const names = list.split(',')
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length === 0) return names
  console.error(`Unknown: ${unknown.join(', ')}. Known are ${known.join(', ')}.`)
  process.exit(1)
}

/** Nobody goes first, or after the same neighbour, in every round. */
function rotate (values, by) {
  return values.map((_, index) => values[(index + by) % values.length])
}

function describe (figures) {
  return Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(2)}`).join('  ')
}
