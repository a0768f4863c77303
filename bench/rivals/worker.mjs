// A process of a measurement: a writer or a reader of the system that it is started with. Does what it is told over IPC.
import { bytesOnTheWire } from './wire.mjs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { entryAt } from './entries.mjs'
import { now, Recorder } from './recorder.mjs'

const buildBatch = 100
const system = await import(`./systems/${process.argv[2]}.mjs`)
const recorders = new Map()
let part
let usage

const tasks = {
  async openWriter (options) {
    part = await system.openWriter(options)
  },
  async openReader (options) {
    part = await system.openReader({ ...options, onLength: (journal, length) => recorderOf(journal).seen(length) })
    return part.hello
  },
  create: ({ journal }) => part.create(journal),
  meet: ({ journal, address }) => part.meet(journal, address),
  /** Follows a journal until it has `length` entries. */
  async follow ({ journal, address, length }) {
    const wire = bytesOnTheWire()
    const from = now()
    await part.follow(journal, address)
    const to = (await recorderOf(journal).times(0, length)).at(-1)
    return { from, to, wireBytes: bytesOnTheWire() - wire }
  },
  /** Appends entries `from` to before `to` in batches, as fast as the system takes them. */
  async build ({ journal, from, to }) {
    for (let start = from; start < to; start += buildBatch) {
      await part.append(journal, entriesAt(start, Math.min(to, start + buildBatch)))
      await turn()
    }
    await part.settled?.(journal)
  },
  /** Appends entries one by one, `perSecond` or at full speed. Gives the time before each, and when the system had taken them all. */
  async append ({ journal, from, to, perSecond = Infinity }) {
    const times = []
    const pending = []
    const started = now()
    for (let index = from; index < to; index++) {
      await until(started + (index - from) / perSecond * 1000)
      times.push(now())
      const written = part.append(journal, [entryAt(index)])
      if (system.awaitsAppends) await written
      else pending.push(written)
    }
    await Promise.all(pending)
    return { times, done: now() }
  },
  /** Appends entries one after the other, each awaited. Gives how long each took. */
  async appendSerially ({ journal, from, to }) {
    const times = []
    for (let index = from; index < to; index++) {
      const started = now()
      await part.append(journal, [entryAt(index)])
      times.push(now() - started)
    }
    return times
  },
  seen: ({ journal, from, to }) => recorderOf(journal).times(from, to),
  state: ({ journal }) => part.state(journal),
  /** Reads the last `limit` entries. Gives how long that took. */
  async readLast ({ journal, limit }) {
    const started = now()
    const { entries } = await part.read(journal, { reverse: true, limit })
    if (entries.length !== limit) throw new Error(`read ${entries.length} entries instead of ${limit}`)
    return now() - started
  },
  rssMb: () => process.memoryUsage.rss() / 2 ** 20,
  /** From now on, `used` tells what this process used. */
  measure () {
    const delays = monitorEventLoopDelay({ resolution: 1 })
    delays.enable()
    usage = { cpu: process.cpuUsage(), delays }
  },
  used () {
    const { user, system } = process.cpuUsage(usage.cpu)
    usage.delays.disable()
    return { cpuMs: (user + system) / 1000, stallMs: Math.max(0, usage.delays.max / 1e6 - 1) }
  },
  close: () => part.close()
}

function recorderOf (journal) {
  if (!recorders.has(journal)) recorders.set(journal, new Recorder())
  return recorders.get(journal)
}

function entriesAt (from, to) {
  return Array.from({ length: to - from }, (_, offset) => entryAt(from + offset))
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

async function until (at) {
  const waitMs = at - now()
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
  else await turn()
}

process.on('disconnect', () => process.exit())
process.on('message', async ({ id, task, options }) => {
  try {
    process.send({ id, result: await tasks[task](options) })
  } catch (error) {
    process.send({ id, error: error.stack })
  }
})
