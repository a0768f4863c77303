/** A sync that takes longer is not waited for on the event loop again for a while. */
const quickMs = 1
/** Syncs that go to another thread after one was slow. */
const mistrustFor = 512

/**
 * Decides where to wait for the disk. On another thread, the event loop goes on meanwhile, but the hops there and back
 * cost several times what a quick disk takes: one with a cache that survives power cuts, or a virtual one. So the event
 * loop waits itself while syncs are quick; after a slow one it tries again only after many that it left to another thread.
 */
export class SyncPace {
  #left = 0

  /** Whether the next sync may be waited for on the event loop's own thread. */
  get isQuick (): boolean { return this.#left === 0 }

  /** Notes a sync on another thread, or how many milliseconds the event loop has waited. */
  note (waitedMs: number | undefined): void {
    if (waitedMs === undefined) this.#left = Math.max(0, this.#left - 1)
    else if (waitedMs > quickMs) this.#left = mistrustFor
  }
}
