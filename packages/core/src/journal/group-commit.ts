import type { Clock } from '../clock.ts'

/** Writes one group; resolves to what each of its items gets, in order. */
export type WriteGroup<Item, Result> = (items: readonly Item[]) => Promise<readonly Result[]>

interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

const pauseMs = 10

/**
 * Gathers what waits while a group is written into the next group, so that the cost of an item falls as load grows. One
 * group is in flight; an item that comes when nothing is going on is written at once; under load, groups start at least
 * 10 ms apart.
 */
export class GroupCommit<Item, Result> {
  readonly #clock: Clock
  readonly #write: WriteGroup<Item, Result>
  /** How many of the waiting items, at least one, the next group takes. */
  readonly #fit: (items: readonly Item[]) => number
  #waiting: Waiting<Item, Result>[] = []
  #running = false

  constructor (clock: Clock, write: WriteGroup<Item, Result>, fit: (items: readonly Item[]) => number) {
    this.#clock = clock
    this.#write = write
    this.#fit = fit
  }

  /** Resolves when the item's group is written; rejects with what its group failed with. */
  add (item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  async #run (): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      const startedAt = this.#clock.monotonic()
      const group = this.#waiting.splice(0, this.#fit(this.#waiting.map(({ item }) => item)))
      await this.#writeGroup(group)
      const remaining = startedAt + pauseMs - this.#clock.monotonic()
      if (group.length > 1 && this.#waiting.length > 0 && remaining > 0) await this.#clock.sleep(remaining)
    }
    this.#running = false
  }

  async #writeGroup (group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#write(group.map(({ item }) => item))
      group.forEach(({ resolve }, index) => resolve(results[index] as Result))
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
}
