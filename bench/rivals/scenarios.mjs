// What is measured, the same for every system. Each scenario has processes and folders of its own: one writer, and readers
// that have followed another journal of 1,000 entries before, as a node that runs has. Base journals are built by appends of
// 100 entries, outside the time that counts. At the end all hold the same, or the run fails.
import { fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { bodyAt } from './entries.mjs'
import { median, quantile } from './numbers.mjs'
import { now } from './recorder.mjs'

const warmLength = 1_000
const untimed = 200
const restMs = 1_000
const [warm, journal] = ['warm', 'base']

/**
 * By name: from a lab, a system and a scale (1: the whole), to figures. Milliseconds are from the first append, or from the
 * wish to follow, to the last entry being visible to every reader.
 */
export const scenarios = {
  'first-sync': async (lab, system, scale) => {
    const mesh = await openMesh(lab, system, { length: 10_000 * scale })
    const { ms, wireBytes } = await mesh.follow()
    await mesh.finish()
    return { ms, wireMb: wireBytes / 1e6, wirePerEntry: wireBytes / mesh.length }
  },
  appends: (lab, system, scale) => measureAppends(lab, system, { length: 10_000 * scale, count: 2_000 * scale }),
  'appends-50k': (lab, system, scale) => measureAppends(lab, system, { length: 50_000 * scale, count: 1_000 * scale }),
  'fan-out': (lab, system, scale) => measureAppends(lab, system, { length: 2_000 * scale, count: 1_000 * scale, readers: 8 }),
  stall: (lab, system, scale) => measureAppends(lab, system, { length: 10_000 * scale, count: 3_000 * scale, perSecond: 500 }),
  latency: async (lab, system, scale) => {
    const mesh = await openMesh(lab, system, { length: 10_000 * scale })
    await mesh.follow()
    await mesh.rest()
    const { written, seen } = await mesh.append(500 * scale, 50)
    await mesh.finish()
    const waits = written.map((at, index) => seen[0][index] - at)
    return { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) }
  },
  serial: measureSerial
}

async function measureAppends (lab, system, { count, perSecond, ...shape }) {
  const mesh = await openMesh(lab, system, shape)
  await mesh.follow()
  await mesh.rest()
  const { written, seen, used } = await mesh.append(count, perSecond)
  await mesh.finish()
  return {
    ms: Math.max(...seen.map((times) => times.at(-1))) - written[0],
    cpuMs: used.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    stallMs: Math.max(...used.map(({ stallMs }) => stallMs))
  }
}

/** Durable appends one after the other, in process, and between them what they cannot do without. */
async function measureSerial (lab, system, scale) {
  const writer = lab.start(system)
  await writer('openWriter', { folder: lab.folder('writer'), readers: [] })
  await writer('create', { journal })
  const file = openSync(join(lab.folder('bare'), 'file'), 'w')
  const [times, bare] = [[], []]
  const block = 20
  for (let from = 0; from < 500 * scale; from += block) {
    times.push(...await writer('appendSerially', { journal, from, to: from + block }))
    bare.push(...Array.from({ length: block }, (_, offset) => syncOne(file, from + offset)))
  }
  await writer('close')
  const warm = [times, bare].map((values) => median(values.slice(block)))
  return { ms: warm[0], bareMs: warm[1], timesBare: warm[0] / warm[1] }
}

function syncOne (file, index) {
  const record = Buffer.alloc(380, JSON.stringify(bodyAt(index)))
  const from = now()
  writeSync(file, record)
  fdatasyncSync(file)
  return now() - from
}

/** A writer with a base journal, and warm readers that do not follow it yet. */
async function openMesh (lab, system, { length, readers: count = 1 }) {
  const readers = Array.from({ length: count }, () => lab.start(system))
  const writer = lab.start(system)
  const all = [writer, ...readers]
  const hellos = await Promise.all(readers.map((reader, index) => reader('openReader', { folder: lab.folder(`reader-${index}`), journals: [warm, journal] })))
  await writer('openWriter', { folder: lab.folder('writer'), readers: hellos })
  const create = async (journal, length) => {
    const address = await writer('create', { journal })
    await writer('build', { journal, from: 0, to: length })
    await Promise.all(readers.map((reader) => reader('meet', { journal, address })))
    return address
  }
  const followAll = (journal, address, length) => Promise.all(readers.map((reader) => reader('follow', { journal, address, length })))
  await followAll(warm, await create(warm, warmLength), warmLength)
  const address = await create(journal, length)

  return {
    get length () { return length },
    async follow () {
      const follows = await followAll(journal, address, length)
      const ms = Math.max(...follows.map(({ to }) => to)) - Math.min(...follows.map(({ from }) => from))
      return { ms, wireBytes: follows.reduce((sum, { wireBytes }) => sum + wireBytes, 0) / count }
    },
    async append (count, perSecond) {
      const range = { journal, from: length, to: length + count }
      length = range.to
      await Promise.all(all.map((part) => part('measure')))
      const [{ times: written }, ...seen] = await Promise.all([writer('append', { ...range, perSecond }), ...readers.map((reader) => reader('seen', range))])
      return { written, seen, used: await Promise.all(all.map((part) => part('used'))) }
    },
    /** A mesh that has found together is not measured in its first second. */
    async rest () {
      await this.append(untimed)
      await new Promise((resolve) => setTimeout(resolve, restMs))
    },
    /** Fails unless all hold the same. */
    async finish () {
      const states = await Promise.all(all.map((part) => part('state', { journal })))
      if (states.some((state) => state.length !== length || state.digest !== states[0].digest)) {
        throw new Error(`${system}: not converged at ${length} entries: ${JSON.stringify(states)}`)
      }
      for (const part of [...readers, writer]) await part('close')
    }
  }
}
