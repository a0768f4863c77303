/** Something that is due at a time. */
export interface Due {
  readonly at: number
  readonly run: () => void
}

interface Entry extends Due {
  /** Of those that are due at the same time, the one that came first goes first. */
  readonly order: number
  isCancelled: boolean
}

/** What is due, soonest first: a binary heap, in which what was cancelled stays until its time. */
export class TimerQueue {
  readonly #heap: Entry[] = []
  #count = 0

  /** Returns the way to take it back. */
  add (due: Due): () => void {
    const entry = { ...due, order: this.#count++, isCancelled: false }
    this.#heap.push(entry)
    this.#rise(this.#heap.length - 1)
    return () => { entry.isCancelled = true }
  }

  /** When each is due, soonest first. */
  get times (): number[] {
    return this.#heap.filter(({ isCancelled }) => !isCancelled).map(({ at }) => at).sort((a, b) => a - b)
  }

  /** Takes out the first that is due by then, if there is one. */
  take (until: number): Due | undefined {
    while (this.#heap[0]?.isCancelled === true) this.#takeFirst()
    return (this.#heap[0]?.at ?? Infinity) <= until ? this.#takeFirst() : undefined
  }

  #takeFirst (): Entry | undefined {
    const [first] = this.#heap
    const last = this.#heap.pop()
    if (last !== undefined && last !== first) {
      this.#heap[0] = last
      this.#sink(0)
    }
    return first
  }

  #rise (index: number): void {
    for (let parent = (index - 1) >> 1; index > 0 && this.#isBefore(index, parent); parent = (index - 1) >> 1) {
      this.#swap(index, parent)
      index = parent
    }
  }

  #sink (index: number): void {
    for (;;) {
      const [left, right] = [2 * index + 1, 2 * index + 2]
      const least = right < this.#heap.length && this.#isBefore(right, left) ? right : left
      if (least >= this.#heap.length || !this.#isBefore(least, index)) return
      this.#swap(index, least)
      index = least
    }
  }

  #isBefore (a: number, b: number): boolean {
    const [one, two] = [this.#heap[a] as Entry, this.#heap[b] as Entry]
    return one.at < two.at || (one.at === two.at && one.order < two.order)
  }

  #swap (a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b] as Entry, this.#heap[a] as Entry]
  }
}
