// npm test: everything that CI runs, from a fresh clone or an old one. Arguments go to mocha: `npm test -- --grep envelope`.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootstrap, root } from './bootstrap.mjs'

const live = 'test/live/**/*.test.ts'
const mocha = join(root, 'node_modules/mocha/bin/mocha.js')
const words = process.argv.slice(2)

bootstrap()
step('types', 'typescript/bin/tsc', '-p', 'test')
step('lint', 'eslint/bin/eslint.js', '--cache', '--cache-location', 'node_modules/.cache/eslint/', '.')
if (words.length > 0) step('tests', 'mocha/bin/mocha.js', ...words)
else await testAll()

function step (name, script, ...words) {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', script), ...words], { cwd: root, stdio: ['ignore', 1, 2] })
  if (status !== 0) fail(name)
}

/** Live tests wait for networks most of the time: they run beside the others, and are shown after them. The last line has the counts of both. */
async function testAll () {
  const folder = mkdtempSync(join(tmpdir(), 'akshi-counts-'))
  try {
    const { 'node-option': options, spec, reporter, timeout } = JSON.parse(readFileSync(join(root, '.mocharc.json'), 'utf8'))
    const common = ['--no-config', '--reporter', reporter, '--timeout', String(timeout), ...options.flatMap((option) => ['--node-option', option])]
    const runs = await Promise.all([
      run(join(folder, 'here'), 'inherit', [...common, '--ignore', live, ...spec]),
      run(join(folder, 'live'), 'pipe', [...common, live])
    ])
    process.stdout.write(runs.map(({ output }) => output).join(''))
    const counts = runs.map(({ counts }) => counts)
    const sum = (key) => counts.reduce((total, count) => total + count[key], 0)
    if (runs.some(({ code }) => code !== 0)) fail('tests')
    console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One process of tests. Resolves to its exit code, what it printed if that is kept back, and its counts. */
async function run (file, stdout, words) {
  const child = spawn(process.execPath, [mocha, ...words], { cwd: root, stdio: ['ignore', stdout, stdout === 'pipe' ? 'pipe' : 2], env: { ...process.env, TEST_COUNTS_FILE: file } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => { output += text })
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
  if (name !== 'tests') process.exit(1)
}
