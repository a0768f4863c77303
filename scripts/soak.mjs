// pnpm soak: the same proofs as `npm test`, for as long as they are worth: 200 kill -9 of real processes, and many more
// interleavings, every fault at every message, a mesh of a hundred, and the mutations of the simulator looked for anew. Each prints its seed; SEED repeats one.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { bootstrap, root } from './bootstrap.mjs'

const specs = ['test/scenarios/crash.test.ts', 'test/core/journal/**/*.test.ts', 'test/core/sync/**/*.test.ts', 'test/core/storage/**/*.test.ts', 'test/core/automerge/segment-properties.test.ts', 'test/testkit/simulator-mutations.test.ts', 'test/testkit/exhaustive.test.ts', 'test/testkit/fan-out.test.ts', 'test/live/eight-nodes.test.ts', 'test/live/nat-matrix.test.ts', 'test/live/dht.test.ts', 'test/plugin-dht/frozen.test.ts', 'test/live/mdns-timing.test.ts', 'test/live/mdns-trouble.test.ts', 'test/plugin-mdns/fuzz.test.ts']

bootstrap()
const { status } = spawnSync(process.execPath, [
  join(root, 'node_modules/mocha/bin/mocha.js'), '--no-config', '--node-option', 'import=tsx/esm', '--node-option', 'conditions=source',
  '--timeout', '1800000', '--reporter', 'spec', ...process.argv.length > 2 ? process.argv.slice(2) : specs
], { cwd: root, stdio: ['ignore', 1, 2], env: { SEED: String(process.hrtime.bigint() % 1_000_000n), ...process.env, SOAK: '1' } })
process.exit(status ?? 1)
