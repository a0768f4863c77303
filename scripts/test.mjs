// npm test: everything that CI runs, from a fresh clone or an old one. Arguments go to mocha: `npm test -- --grep envelope`.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, root } from './bootstrap.mjs'

/** Two processors, and the live tests wait for networks most of the time. */
const atOnce = 3
const lint = ['eslint/bin/eslint.js', '--cache', '--cache-location', 'node_modules/.cache/eslint/', '.']
const types = ['typescript/bin/tsc', '-p', 'test']
const mocha = 'mocha/bin/mocha.js'
const words = process.argv.slice(2)

prepare()
// Lint reads what is written; all else needs what is built of it.
const linted = step('lint', lint)
if (await step('build', ['typescript/bin/tsc', '-b'])) await (words.length > 0 ? testSome() : testAll())
await linted

async function testSome () {
  const checked = await Promise.all([step('types', types), linted])
  if (!checked.includes(false)) await step('tests', [mocha, ...words])
}

/** Some processes at a time, the long ones first. What each prints is shown when it has ended; the last line has the counts of all tests. */
async function testAll () {
  const folder = mkdtempSync(join(tmpdir(), 'akshi-counts-'))
  const { 'node-option': options, reporter, timeout } = JSON.parse(readFileSync(join(root, '.mocharc.json'), 'utf8'))
  const common = [mocha, '--no-config', '--reporter', reporter, '--timeout', String(timeout), ...options.flatMap((option) => ['--node-option', option])]
  const runs = []
  const tests = groups().map((files, index) => async () => runs.push(await run(join(folder, String(index)), [...common, ...files])))
  const waiting = [...tests, () => step('types', types)]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next()
  }
  try {
    await Promise.all([linted.then(work), ...Array.from({ length: atOnce - 1 }, work)])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  if (runs.some(({ code }) => code !== 0)) fail('tests')
  const sum = (key) => runs.reduce((total, { counts }) => total + counts[key], 0)
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
}

/** The files of a folder; those that take long first, in an order that was measured once and need not be right, the longest in parts. */
function groups () {
  const long = ['live', 'testkit', 'core', 'scenarios', 'packages', 'examples', 'plugin-a2a', 'cli', 'plugin-dht', 'plugin-wireguard', 'docs']
  const parts = { live: 3 }
  const all = readdirSync(join(root, 'test'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const folders = [...long.filter((name) => all.includes(name)), ...all.filter((name) => !long.includes(name))]
  return folders.flatMap((name) => deal(testsIn(name), parts[name] ?? 1)).filter((files) => files.length > 0)
}

function testsIn (folder) {
  return readdirSync(join(root, 'test', folder), { recursive: true }).filter((name) => name.endsWith('.test.ts')).sort().map((name) => join('test', folder, name))
}

/** In so many hands, one by one: neighbours take about as long as each other. */
function deal (files, hands) {
  return Array.from({ length: hands }, (_, hand) => files.filter((_, index) => index % hands === hand))
}

/** Runs a script of a dependency. Resolves to whether it went well. */
async function step (name, [script, ...words]) {
  const child = spawn(process.execPath, [join(root, 'node_modules', script), ...words], { cwd: root, stdio: ['ignore', 1, 2] })
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) fail(name)
  return code === 0
}

/** One process of tests. Resolves to its exit code and its counts, when what it printed is shown. */
async function run (file, [script, ...words]) {
  const child = spawn(process.execPath, [join(root, 'node_modules', script), ...words], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TEST_COUNTS_FILE: file } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text })
  const code = await new Promise((resolve) => child.on('close', resolve))
  process.stdout.write(output)
  return { code, counts: countsIn(file) }
}

/** A process that did not come to its end counts as a failure. */
function countsIn (file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

function fail (name) {
  console.error(`npm test: ${name} failed.`)
  process.exitCode = 1
}
