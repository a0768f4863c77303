// npm test: everything that CI runs, from a fresh clone or an old one. Arguments go to mocha: `npm test -- --grep envelope`.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootstrap, root } from './bootstrap.mjs'

/** Two processors, and the live tests need little of one. */
const atOnce = 3
const mocha = join(root, 'node_modules/mocha/bin/mocha.js')
const words = process.argv.slice(2)

bootstrap()
const checks = await Promise.all([
  step('types', 'typescript/bin/tsc', '-p', 'test'),
  step('lint', 'eslint/bin/eslint.js', '--cache', '--cache-location', 'node_modules/.cache/eslint/', '.')
])
if (checks.includes(false)) process.exitCode = 1
else if (words.length > 0) await step('tests', 'mocha/bin/mocha.js', ...words)
else await testAll()

/** Resolves to whether it went well. */
async function step (name, script, ...words) {
  const child = spawn(process.execPath, [join(root, 'node_modules', script), ...words], { cwd: root, stdio: ['ignore', 1, 2] })
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) fail(name)
  return code === 0
}

/**
 * A process for each folder of tests, some at a time, the long ones first; live tests wait for networks most of the time, so they run beside the others.
 * What each prints is shown when it has ended; the last line has the counts of all.
 */
async function testAll () {
  const folder = mkdtempSync(join(tmpdir(), 'akshi-counts-'))
  try {
    const { 'node-option': options, reporter, timeout } = JSON.parse(readFileSync(join(root, '.mocharc.json'), 'utf8'))
    const common = ['--no-config', '--reporter', reporter, '--timeout', String(timeout), ...options.flatMap((option) => ['--node-option', option])]
    const waiting = groups()
    const runs = []
    await Promise.all(Array.from({ length: atOnce }, async () => {
      for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
        const result = await run(join(folder, group), [...common, `test/${group}/**/*.test.ts`])
        process.stdout.write(result.output)
        runs.push(result)
      }
    }))
    const sum = (key) => runs.reduce((total, { counts }) => total + counts[key], 0)
    if (runs.some(({ code }) => code !== 0)) fail('tests')
    console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Folders of tests: those that take long first, in an order that was measured once and need not be right. */
function groups () {
  const long = ['live', 'core', 'testkit', 'cli', 'plugin-a2a', 'examples', 'docs', 'plugin-dht', 'scenarios', 'plugin-wireguard']
  const all = readdirSync(join(root, 'test'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return [...long.filter((name) => all.includes(name)), ...all.filter((name) => !long.includes(name) && hasTests(join(root, 'test', name)))]
}

function hasTests (folder) {
  return readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.test.ts'))
}

/** One process of tests. Resolves to its exit code, what it printed, and its counts. */
async function run (file, words) {
  const child = spawn(process.execPath, [mocha, ...words], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TEST_COUNTS_FILE: file } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text })
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, output, counts: countsIn(file) }
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
