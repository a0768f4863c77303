/** Syncs in a row that must have been quick. */
const trustAfter = 16
/** Longer than any that is answered by a cache, with the hop to another thread and back. */
const quickMs = 1
/** Syncs that go to another thread after one was slow. */
const mistrustFor = 512

/**
 * Decides where to wait for the disk. On another thread, the event loop goes on meanwhile, but the hops there and back
 * cost several times what a quick disk takes: one with a cache that survives power cuts, or a virtual one. So while every
 * sync is quick the event loop waits itself, and the first slow one is the last that it waits for.
 */
export class SyncPace {
  #quickOnes = 0

  /** Whether the next sync may be waited for on the event loop's own thread. */
  get isQuick (): boolean { return this.#quickOnes >= trustAfter }

  /** Notes how long a sync took, in milliseconds. */
  note (tookMs: number): void {
    if (tookMs > quickMs) this.#quickOnes = trustAfter - mistrustFor
    else this.#quickOnes++
  }
}
