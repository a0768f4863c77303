import { readFileSync } from 'node:fs'
import { createIdentity } from '@akshi/core'
import { formsOfBytes } from '../../../packages/plugin-guard/src/secret-forms.ts'
import { scannerOf } from '../support.ts'
import { drawBytes } from './draws.ts'

const scanner = scannerOf({ identity: createIdentity(), known: Array.from({ length: 6 }, (_, n) => formsOfBytes(`own-${n}`, drawBytes(32), true)) })
const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

function medianMs (task: () => unknown, rounds = 300): number {
  for (let n = 0; n < rounds; n++) task()
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now()
    task()
    return performance.now() - start
  })
  return times.sort((a, b) => a - b)[rounds >> 1] ?? 0
}

const values = {
  'a plain entry': { kind: 'note', body: { celsius: 21.5, place: 'kitchen', note: 'the window was open' } },
  'a task of 2 KiB': { id: 'x', steps: Array.from({ length: 20 }, (_, n) => ({ n, text: 'look at the logs of the last hour and say what is wrong with the disk', done: false })) },
  'prose, 16 KiB': { text: read('README.md').repeat(2).slice(0, 16_384) },
  'code, 16 KiB': { text: read('packages/core/src/envelope.ts').repeat(3).slice(0, 16_384) },
  'base64, 64 KiB': { image: drawBytes(48 * 1024).toString('base64') }
}

for (const [name, value] of Object.entries(values)) {
  const kib = JSON.stringify(value).length / 1024
  const [scan, stringify] = [medianMs(() => scanner.scan(value)), medianMs(() => JSON.stringify(value))]
  console.log(`${name}: ${scan.toFixed(3)} ms, ${(scan / kib).toFixed(3)} ms/KiB, ${Math.round(scan / stringify)} times JSON.stringify`)
}
