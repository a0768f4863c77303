import type { Clock } from '@akshi/core'
import type { OutputStream } from './io.ts'

const intervalMs = 100
const clearLine = '\r\u001b[2K'
const barWidth = 20
const fallbackColumns = 80

/**
 * One line on a terminal that is written over again and again, ten times a second at most. Writes nothing to what is no
 * terminal. Call `end` before anything else is written there.
 */
export class Progress {
  readonly #stream: OutputStream
  readonly #clock: Clock
  readonly #startedAt: number
  #shownAt = -Infinity
  #isShown = false

  constructor (stream: OutputStream, clock: Clock, quiet = false) {
    this.#stream = stream
    this.#clock = clock
    this.#startedAt = clock.monotonic()
    if (quiet) this.#shownAt = Infinity
  }

  /** Seconds since the start. */
  get secs (): number {
    return (this.#clock.monotonic() - this.#startedAt) / 1000
  }

  /** Shows a line if it is time for one; `line` is only made then. */
  show (line: () => string): void {
    const now = this.#clock.monotonic()
    if (this.#stream.isTTY !== true || now - this.#shownAt < intervalMs || this.#shownAt === Infinity) return
    this.#shownAt = now
    this.#isShown = true
    this.#stream.write(clearLine + line().slice(0, (this.#stream.columns ?? fallbackColumns) - 1))
  }

  /** Takes the line away. */
  end (): void {
    if (this.#isShown) this.#stream.write(clearLine)
    this.#isShown = false
  }
}

/** `[########            ]  40%` for a share from 0 to 1. */
export function bar (share: number): string {
  const done = Math.max(0, Math.min(1, Number.isFinite(share) ? share : 0))
  const filled = Math.floor(done * barWidth)
  return `[${'#'.repeat(filled)}${' '.repeat(barWidth - filled)}] ${String(Math.floor(done * 100)).padStart(3)}%`
}

/** A count with its thousands apart: 1,234,567. */
export function grouped (count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Bytes in the unit that people take: 512 B, 1.5 kB, 20.3 MB. */
export function sized (bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const [unit, name] = bytes < 1e6 ? [1e3, 'kB'] as const : bytes < 1e9 ? [1e6, 'MB'] as const : [1e9, 'GB'] as const
  return `${(bytes / unit).toFixed(1)} ${name}`
}
