// Runs in a thread of its own beside the node, see stall-watch.ts; it loads nothing but this, so that it watches at once.
import { writeSync } from 'node:fs'
import { Session } from 'node:inspector'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../clock.ts'

/** What the watching thread is told at its start. */
export interface WatchOptions {
  /** One number that changes as long as the watched thread's event loop turns. */
  readonly beats: Int32Array
  /** Milliseconds without a turn that count as a stall. */
  readonly stallMs: number
  /** Milliseconds after which it is said on stderr while it lasts, because the watched thread cannot. */
  readonly cryMs: number
  readonly format: 'pretty' | 'json'
  /** Where code is, by absolute path of a folder or file: of plugins, and of core, which has no plugin. */
  readonly places: readonly { readonly place: string, readonly plugin?: string }[]
}

/** The event loop did not turn for a while. */
export interface Stall {
  readonly ms: number
  /** The plugin whose code ran, if it was one's. */
  readonly plugin?: string | undefined
  /** What ran, innermost first: `hash (/path/to/file.js:12)`. */
  readonly frames: readonly string[]
}

interface Seen {
  readonly plugin: string | undefined
  readonly frames: readonly string[]
}

const lookMs = 250
/** A look that comes so late says that this thread had to wait as well: the machine slept, or is busy with others. */
const lateMs = 750
const maxFrames = 8

/** Tells what runs in the watched thread right now, as soon as it runs JavaScript. Returns the way to stop asking. */
function examine (places: WatchOptions['places'], seen: (what: Seen) => void): () => void {
  const session = new Session()
  const files = new Map<string, string>()
  session.connectToMainThread()
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => files.set(scriptId, url.replace(/^file:\/\//, '')))
  session.once('Debugger.paused', ({ params: { callFrames } }) => {
    session.disconnect()                     // it runs on
    const frames = callFrames.map(({ functionName, location: { scriptId, lineNumber } }) => ({ file: files.get(scriptId) ?? '', name: functionName || 'anonymous', line: lineNumber + 1 }))
    seen({
      plugin: frames.map(({ file }) => ownerOf(file, places)).find((owner) => owner !== undefined)?.plugin,
      frames: frames.slice(0, maxFrames).map(({ file, name, line }) => `${name} (${file}:${line})`)
    })
  })
  session.post('Debugger.enable')
  session.post('Debugger.pause')
  return () => session.disconnect()
}

function ownerOf (file: string, places: WatchOptions['places']): WatchOptions['places'][number] | undefined {
  return places.filter(({ place }) => file === place || file.startsWith(`${place}/`)).toSorted((a, b) => b.place.length - a.place.length)[0]
}

function watch ({ beats, stallMs, cryMs, format, places }: WatchOptions): void {
  let beat = -1
  let turnedAt = systemClock.monotonic()
  let lookedAt = turnedAt
  let seen: Seen | undefined
  let stopExamining: (() => void) | undefined
  let hasCried = false

  const turned = (now: number) => {
    if (seen !== undefined) parentPort?.postMessage({ ms: Math.round(now - turnedAt), ...seen } satisfies Stall)
    else stopExamining?.()
    turnedAt = now
    stopExamining = seen = undefined
    hasCried = false
  }
  const look = () => {
    const now = systemClock.monotonic()
    const isLate = now - lookedAt > lateMs
    lookedAt = now
    if (isLate) turnedAt = now
    if (Atomics.load(beats, 0) !== beat) turned(now)
    else if (now - turnedAt >= stallMs) stopExamining ??= examine(places, (what) => { seen = what })
    beat = Atomics.load(beats, 0)
    if (seen?.plugin !== undefined && !hasCried && now - turnedAt >= cryMs) {
      hasCried = true
      cry(`plugin "${seen.plugin}" has kept this node from everything else for ${Math.round((now - turnedAt) / 1_000)} s, and still does: ${seen.frames[0] ?? ''}. It cannot be interrupted: kill -9 ${process.pid} ends the process, and nothing that was acknowledged is lost.`, format)
    }
    systemClock.timer(lookMs, look)
  }
  look()
}

function cry (message: string, format: WatchOptions['format']): void {
  const time = new Date(systemClock.now()).toISOString()
  writeSync(2, format === 'json' ? `${JSON.stringify({ time, level: 'error', message })}\n` : `${time.slice(11, 23)} ERROR ${message}\n`)
}

watch(workerData as WatchOptions)
