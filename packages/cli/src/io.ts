import { writeSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { systemClock, type Clock } from '@akshi/core'

/** The outside world as the command sees it. Tests pass their own. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly clock: Clock
  /** The words that start this program once more: the demo runs its nodes with them. */
  readonly self: readonly string[]
  /** Aborts when the operator wants the command to end. Listening starts with the first call. */
  interruption (): AbortSignal
  /** Asks `take` about errors that nobody caught; one that it does not take ends the process, as without this. Returns the way to stop asking. */
  uncaught (take: (error: unknown) => boolean): () => void
  /** The command is about to end: what keeps this process from that for longer than a second is named, and ends with it. */
  leave (): void
}

export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean, readonly columns?: number, readonly rows?: number }

/**
 * This process. A reader that closes our output early (`akshi journal read | head`) is no error; the second signal ends
 * the process at once.
 */
export function processIo (): Io {
  const stop = new AbortController()
  for (const stream of [process.stdout, process.stderr]) stream.on('error', (error: NodeJS.ErrnoException) => readerGone(error, stop))
  let listening = false
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    self: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    interruption: () => {
      if (!listening) listenForStop(stop)
      listening = true
      return stop.signal
    },
    uncaught: (take) => {
      const listener = (error: unknown) => { if (!take(error)) crash(error) }
      process.on('uncaughtException', listener)
      return () => process.off('uncaughtException', listener)
    },
    leave: () => { setTimeout(endAnyway, graceMs).unref() }
  }
}

const graceMs = 1_000

function endAnyway (): never {
  writeSync(2, `akshi: a plugin has left something running (${[...new Set(process.getActiveResourcesInfo())].join(', ')}); the process ends nevertheless\n`)
  process.exit()
}

/** Ends the process as one ends that listens to nothing. What was acknowledged is on disk. */
function crash (error: unknown): never {
  writeSync(2, `Uncaught ${inspect(error)}\n`)
  process.exit(1)
}

const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

function listenForStop (stop: AbortController): void {
  for (const [name, number] of Object.entries(signals)) {
    process.on(name, () => stop.signal.aborted ? process.exit(128 + number) : stop.abort())
  }
  // A parent that opened a channel to us (the demo) and is gone, however it ended, takes its nodes with it.
  process.once('disconnect', () => stop.abort())
  process.channel?.unref()
}

function readerGone (error: NodeJS.ErrnoException, stop: AbortController): void {
  if (error.code !== 'EPIPE') throw error
  stop.abort()
}
