import type { Clock } from '../../clock.ts'
import type { CatchUp } from '../../control.ts'

/** Counts what comes in, from when much is missing until nothing is. */
export class CatchUpCount {
  readonly #clock: Clock
  /** How many envelopes may be missing without being much. */
  readonly #maxEnvelopes: number
  #current: CatchUp | undefined

  constructor (clock: Clock, maxEnvelopes: number) {
    this.#clock = clock
    this.#maxEnvelopes = maxEnvelopes
  }

  get current (): CatchUp | undefined { return this.#current }

  get isFarBehind (): boolean {
    return (this.#current?.behind ?? 0) > this.#maxEnvelopes
  }

  /** Notes how many envelopes are missing now, and what came in since the last call. */
  note (behind: number, { entries, bytes }: Pick<CatchUp, 'entries' | 'bytes'>): void {
    if (this.#current === undefined && behind <= this.#maxEnvelopes) return
    const began = this.#current ?? { from: behind, entries: 0, bytes: 0, startedAt: new Date(this.#clock.now()).toISOString() }
    this.#current = { ...began, behind, entries: began.entries + entries, bytes: began.bytes + bytes }
  }

  /** Nothing is missing any more. */
  end (): void {
    this.#current = undefined
  }
}
