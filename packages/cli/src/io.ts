import type { Readable } from 'node:stream'
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
    }
  }
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
