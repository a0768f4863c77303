import type { Clock } from '../clock.ts'

/** How long a node whose own journal is missing or damaged waits for what others have of it before it writes on. */
const waitMs = 2_000

/**
 * Lets a node that lost something of its own see what others have of it before it writes on: what it writes then goes on
 * from there, and its feed does not fork. Nobody waits long for it: a fork harms nothing.
 */
export class Recovery {
  readonly #clock: Clock
  #isNeeded = false
  #isOver = false
  #asked = false
  #end: (() => void)[] = []

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** Something of this node's own is damaged. */
  need (): void {
    this.#isNeeded = true
  }

  /** There is somebody to ask. */
  ask (): void {
    this.#asked = true
  }

  /** Somebody's journals were looked through, and what was missing here was fetched. */
  done (): void {
    this.#isOver = true
    this.#isNeeded = false
    for (const end of this.#end.splice(0)) end()
  }

  /** Resolves when this node may write. `isEmpty`: it has nothing yet of the feed that it is to write. */
  async mayWrite (isEmpty: boolean): Promise<void> {
    if (this.#isNeeded || (isEmpty && this.#asked && !this.#isOver)) {
      await new Promise<void>((resolve) => {
        this.#end.push(resolve)
        this.#clock.timer(waitMs, () => this.done())
      })
    }
  }
}
