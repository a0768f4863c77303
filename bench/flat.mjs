// Does a long journal cost what a short one costs? Two processes over mutual TLS on loopback, fsync on both, a reader that
// follows live. The same appends at 10,000 entries and at 1,000,000; then a start of the node that wrote them, and reads of
// the end. Medians of 5 windows. The million is written in batches of 100, outside the time that counts.
//
//   node bench/flat.mjs [--entries 1000000]
import { parseArgs } from 'node:util'
import { Lab } from './rivals/lab.mjs'
import { median } from './rivals/numbers.mjs'
import { now } from './rivals/recorder.mjs'

const { values: options } = parseArgs({ options: { entries: { type: 'string', default: '1000000' } } })
const most = Number(options.entries)
const few = Math.min(10_000, most / 10)
const journal = 'base'
const [windows, burst, serial, lastEntries] = [5, 1_000, 100, 100]

const lab = new Lab()
const reader = lab.start('akshi')
const writer = lab.start('akshi')
const writerFolder = lab.folder('writer')
let length = 0
try {
  const hello = await reader('openReader', { folder: lab.folder('reader'), journals: [journal] })
  await writer('openWriter', { folder: writerFolder, readers: [hello] })
  const address = await writer('create', { journal })
  await reader('meet', { journal, address })
  await reader('follow', { journal, address, length: 0 })
  const atFew = await measureAt(few)
  const atMost = await measureAt(most)
  await checkEqual()
  await writer('close')
  await writer.end()
  print(atFew, atMost, await measureStart())
  await reader('close')
} finally {
  await lab.end()
}

/** Grows the journal, then measures. */
async function measureAt (entries) {
  console.error(`growing the journal to ${entries.toLocaleString('en')} entries`)
  while (length < entries) {
    const range = growBy(Math.min(20_000, entries - length))
    await Promise.all([writer('build', range), reader('seen', range)])
  }
  const [live, alone] = [[], []]
  for (let window = 0; window < windows; window++) {
    const range = growBy(burst)
    const [{ times }, seen] = await Promise.all([writer('append', range), reader('seen', range)])
    live.push((seen.at(-1) - times[0]) / burst)
    alone.push(median(await writer('appendSerially', growBy(serial))))
  }
  await reader('seen', { journal, from: length - 1, to: length })
  return { live: median(live), alone: median(alone) }
}

function growBy (count) {
  length += count
  return { journal, from: length - count, to: length }
}

async function checkEqual () {
  const [mine, theirs] = await Promise.all([writer('state', { journal }), reader('state', { journal })])
  if (mine.length !== length || mine.digest !== theirs.digest) throw new Error(`not converged at ${length} entries: ${JSON.stringify([mine, theirs])}`)
}

/** A new process on the writer's home. */
async function measureStart () {
  const started = now()
  const node = lab.start('akshi')
  await node('openWriter', { folder: writerFolder, readers: [] })
  await node('create', { journal })
  const startMs = now() - started
  const rssMb = await node('rssMb')
  const reads = []
  for (let i = 0; i < 21; i++) reads.push(await node('readLast', { journal, limit: lastEntries }))
  const { length: found } = await node('state', { journal })
  if (found !== length) throw new Error(`${found} entries after the start instead of ${length}`)
  await node('close')
  return { startMs, rssMb, firstReadMs: reads[0], readMs: median(reads.slice(1)) }
}

function print (atFew, atMost, { startMs, rssMb, firstReadMs, readMs }) {
  const [small, large] = [few, most].map((entries) => entries.toLocaleString('en'))
  console.log(`append to visible on a peer, at full speed   ${us(atFew.live)} an entry at ${small}, ${us(atMost.live)} at ${large}   ${compare(atMost.live / atFew.live, 1.3)}`)
  console.log(`durable append, one after the other          ${us(atFew.alone)} at ${small}, ${us(atMost.alone)} at ${large}   ${compare(atMost.alone / atFew.alone, 1.3)}`)
  console.log(`start of a process and its node, ${large}   ${startMs.toFixed(0)} ms   ${compare(startMs / 1000, 2, 's')}`)
  console.log(`its memory then (RSS)                        ${compare(rssMb, 250, 'MB')}`)
  console.log(`reading the last ${lastEntries} entries                 ${firstReadMs.toFixed(1)} ms the first time, then ${readMs.toFixed(2)} ms`)
}

function us (ms) {
  return `${(ms * 1000).toFixed(0)} us`
}

function compare (value, limit, unit = 'x') {
  return `${value.toFixed(2)} ${unit} (target <= ${limit}: ${value <= limit ? 'met' : 'MISSED'})`
}
