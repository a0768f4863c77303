import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../clock.ts'
import type { Stall, WatchOptions } from './stall-watcher.ts'

const beatMs = 250

export interface StallWatchOptions extends Pick<WatchOptions, 'format' | 'places'> {
  readonly clock: Clock
  /** Told of each stall once it is over. */
  readonly stalled: (stall: Stall) => void
  /** Default: a second. */
  readonly stallMs?: number
  /** Default: five seconds. */
  readonly cryMs?: number
}

/**
 * Watches the event loop of this thread from another one. That sees a stall while it lasts, one without an end too, and asks the
 * inspector what runs meanwhile: inside this process, no port is opened.
 */
export class StallWatch {
  readonly #clock: Clock
  readonly #beats = new Int32Array(new SharedArrayBuffer(4))
  readonly #worker: Worker
  #timer: Timer | undefined

  constructor ({ clock, stalled, stallMs = 1_000, cryMs = 5_000, format, places }: StallWatchOptions) {
    this.#clock = clock
    const file = new URL(`./stall-watcher${import.meta.url.slice(-3)}`, import.meta.url)
    this.#worker = new Worker(file, { name: 'stall watch', workerData: { beats: this.#beats, stallMs, cryMs, format, places } satisfies WatchOptions })
    this.#worker.unref()
    this.#worker.on('message', stalled)
    this.#worker.on('error', () => {})            // then nothing is watched, and the node runs
    this.#beat()
  }

  /** Resolves when nothing is watched any more. */
  async stop (): Promise<void> {
    this.#timer?.cancel()
    await this.#worker.terminate()
  }

  #beat (): void {
    Atomics.add(this.#beats, 0, 1)
    this.#timer = this.#clock.timer(beatMs, () => this.#beat())
  }
}
