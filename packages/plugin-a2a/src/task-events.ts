import type { Random } from '@akshi/core'
import type { TaskView } from './task-board.ts'

/** Something that happened to a task. */
export interface TaskEvent {
  /** `<life of the node>-<number>`, rising. */
  readonly id: string
  readonly type: string
  readonly task: TaskView
}

const maxKept = 1_000

/** What happens to tasks, with the last thousand events for those who come back. */
export class TaskEvents {
  readonly #life: string
  readonly #kept: TaskEvent[] = []
  readonly #listeners = new Set<(event: TaskEvent) => void>()
  #count = 0

  constructor (random: Random) {
    this.#life = Buffer.from(random.bytes(4)).toString('hex')
  }

  add (type: string, task: TaskView): void {
    const event = { id: `${this.#life}-${++this.#count}`, type, task }
    this.#kept.push(event)
    if (this.#kept.length > maxKept) this.#kept.shift()
    for (const listener of this.#listeners) listener(event)
  }

  /**
   * Gives `listener` what came after the event with this id, then what comes. Of an id that is too old or of another life of the node,
   * all that is kept. Returns the way to stop.
   */
  listen (after: string | undefined, listener: (event: TaskEvent) => void): () => void {
    if (after !== undefined) {
      const known = this.#kept.findIndex(({ id }) => id === after)
      for (const event of this.#kept.slice(known + 1)) listener(event)
    }
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
