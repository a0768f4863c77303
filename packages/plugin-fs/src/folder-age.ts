/** Folder times are as coarse as 2 s (FAT): two changes within that may leave the same stamp. */
const coarsestTimeMs = 3_000

/** Tells from a folder's stamps when its names must be listed. Times are of a clock that never goes back. */
export class FolderAge {
  #stamp: string | undefined
  #changedAt = 0
  #listedAt = -Infinity

  /** False once it was listed so long after its last change that a further change must show in the stamp. */
  needsListing (stamp: string, nowMs: number): boolean {
    if (stamp !== this.#stamp) {
      this.#stamp = stamp
      this.#changedAt = nowMs
      this.#listedAt = -Infinity
    }
    return this.#listedAt - this.#changedAt < coarsestTimeMs
  }

  /** Notes that a listing which began at `startedMs` is complete. */
  listed (startedMs: number): void {
    this.#listedAt = startedMs
  }

  /** Forgets everything, so that the next answer is to list. */
  reset (): void {
    this.#stamp = undefined
  }
}
