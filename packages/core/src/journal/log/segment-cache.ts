/** Something whose content can be dropped and loaded again. */
export interface Evictable {
  /** Entries that are in memory now. */
  readonly loadedEntries: number
  /** Drops the content; not while it is in use. */
  unload (): void
  readonly isBusy: boolean
}

/** Keeps the segments in memory that were used last, up to a number of entries in all of them together. */
export class SegmentCache {
  readonly #maxEntries: number
  readonly #used = new Set<Evictable>()

  constructor (maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  /** Notes that a segment was used, and drops the ones that were not for longest. */
  touch (segment: Evictable): void {
    this.#used.delete(segment)
    this.#used.add(segment)
    let total = 0
    for (const each of this.#used) total += each.loadedEntries
    for (const each of this.#used) {
      if (total <= this.#maxEntries) return
      if (each === segment || each.isBusy) continue
      total -= each.loadedEntries
      each.unload()
      this.#used.delete(each)
    }
  }

  forget (segment: Evictable): void {
    this.#used.delete(segment)
  }
}
