// npm test: everything that CI runs, from a fresh clone or an old one. Arguments go to mocha: `npm test -- --grep envelope`.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { bootstrap, root } from './bootstrap.mjs'

/** Each must succeed before the next starts; the last prints the line with the counts. */
const steps = [
  ['types', 'typescript/bin/tsc', '-p', 'test'],
  ['lint', 'eslint/bin/eslint.js', '--cache', '--cache-location', 'node_modules/.cache/eslint/', '.'],
  ['tests', 'mocha/bin/mocha.js', ...process.argv.slice(2)]
]

bootstrap()
for (const [name, script, ...words] of steps) {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', script), ...words], { cwd: root, stdio: ['ignore', 1, 2] })
  if (status === 0) continue
  console.error(`npm test: ${name} failed.`)
  process.exit(1)
}
