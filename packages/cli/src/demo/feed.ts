import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addAbortSignal } from 'node:stream'
import { followFile } from '../file-follower.ts'
import type { Io } from '../io.ts'
import { appendLines, type Tally } from '../line-appender.ts'
import { readLines } from '../line-splitter.ts'
import { measure } from './measurements.ts'
import type { DemoNode } from './node.ts'

/** The journal all nodes of the demo write into. */
export const demoJournal = 'demo'

const measureEveryMs = 500

/** Journals `count` measurements through a node. Resolves when the node has acknowledged them. */
export async function feedMeasurements (node: DemoNode, io: Io, count: number): Promise<Tally> {
  return await appendLines(node.client, { journal: demoJournal, kind: 'measurement', json: true }, (async function * () {
    for (let line = 0; line < count; line++) yield [await measure(io.clock, node.pid)]
  })())
}

/** Keeps a log of measurements in a node's home, and journals it while it grows. Ends with the signal, or rejects with the node. */
export async function feedLog (node: DemoNode, io: Io, signal: AbortSignal): Promise<void> {
  const path = join(node.home, 'measurements.log')
  await writeFile(path, '')
  const lines = followFile(path, { clock: io.clock, signal, fromStart: true })
  await Promise.all([
    keepLog(path, node, io, signal),
    appendLines(node.client, { journal: demoJournal, kind: 'measurement', json: true }, lines)
  ])
}

/** Journals the lines of stdin through a node, if stdin is no terminal. Resolves at its end, to the number of lines; rejects when the signal aborts. */
export async function feedStdin (node: DemoNode, { stdin }: Io, signal: AbortSignal): Promise<number> {
  if (stdin.isTTY === true) return 0
  const plan = { journal: demoJournal, kind: 'line', json: false }
  return (await appendLines(node.client, plan, readLines(addAbortSignal(signal, stdin)))).entries
}

async function keepLog (path: string, node: DemoNode, { clock }: Io, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await appendFile(path, `${await measure(clock, node.pid)}\n`)
    await clock.sleep(measureEveryMs, signal).catch(() => {})
  }
}
