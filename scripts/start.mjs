// npm start: the demo mesh, from a fresh clone or an old one. `npm start -- --help` shows its options.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { bootstrap, root } from './bootstrap.mjs'

bootstrap()
const akshi = join(root, 'packages/cli/bin/akshi.js')
const demo = spawn(process.execPath, [akshi, 'demo', ...process.argv.slice(2)], { stdio: 'inherit' })

// Ctrl-C reaches the demo by itself; this process only waits for it to clean up.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => demo.kill(signal))
demo.on('exit', (code, signal) => { process.exitCode = signal === null ? code : 1 })
