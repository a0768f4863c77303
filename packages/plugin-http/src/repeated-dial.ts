import type { Clock, Timer } from '@akshi/core'

export interface RepeatedDialOptions<Connection> {
  readonly clock: Clock
  /** How long an attempt may be without an outcome before another is made beside it. */
  readonly everyMs: number
  readonly attempt: (signal: AbortSignal) => Promise<Connection>
  /** Ends a connection that came second. */
  readonly discard: (connection: Connection) => void
}

/**
 * Dials one address again and again while there is no outcome, as one does who waits for a way to open: the kernel itself
 * repeats an opening packet that was lost only after 1, 3, 7, 15 ... seconds (RFC 6298). The first outcome is that of all,
 * a failure too: whoever says no says so to each. Each attempt has to end by itself; the signal ends them all.
 */
export function dialRepeatedly<Connection> ({ clock, everyMs, attempt, discard }: RepeatedDialOptions<Connection>, signal: AbortSignal): Promise<Connection> {
  const over = new AbortController()
  const ends = AbortSignal.any([signal, over.signal])
  let timer: Timer | undefined
  return new Promise<Connection>((resolve, reject) => {
    const end = (settle: () => void) => {
      if (over.signal.aborted) return
      timer?.cancel()
      over.abort()
      settle()
    }
    const start = () => {
      timer = clock.timer(everyMs, start)
      attempt(ends).then((connection) => over.signal.aborted ? discard(connection) : end(() => resolve(connection)), (error: Error) => end(() => reject(error)))
    }
    start()
  })
}
