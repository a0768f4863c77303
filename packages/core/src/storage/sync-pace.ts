/** A sync that takes longer is slow. */
const quickMs = 1
/** Syncs that go to another thread after one was slow: as many at first, twice as many each time, up to the most. */
const mistrust = { first: 8, most: 512 }
/** So many quick ones in a row, and slow ones before them are forgotten. */
const forgivenAfter = 64

/**
 * Decides where to wait for the disk. On another thread, the event loop goes on meanwhile, but the hops there and back
 * cost several times what a quick disk takes: one with a cache that survives power cuts, or a virtual one. So the event
 * loop waits itself while syncs are quick; after a slow one it leaves some to another thread, more each time, before it
 * tries again. A quick disk that is slow now and then, or a process that was not given a processor, costs little; on a slow
 * disk the event loop soon waits for one sync in 513.
 */
export class SyncPace {
  #left = 0
  #next = mistrust.first
  #quick = 0

  /** Whether the next sync may be waited for on the event loop's own thread. */
  get isQuick (): boolean { return this.#left === 0 }

  /** Notes a sync on another thread, or how many milliseconds the event loop has waited. */
  note (waitedMs: number | undefined): void {
    if (waitedMs === undefined) this.#left = Math.max(0, this.#left - 1)
    else if (waitedMs > quickMs) this.#distrust()
    else if (++this.#quick === forgivenAfter) this.#next = mistrust.first
  }

  #distrust (): void {
    this.#left = this.#next
    this.#next = Math.min(mistrust.most, this.#next * 2)
    this.#quick = 0
  }
}
