/** Runs tasks one after the other, in the order in which they came. */
export class TurnQueue {
  #last: Promise<unknown> = Promise.resolve()

  /** Resolves or rejects as the task does. A task that fails holds up nobody. */
  take<Result> (task: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(task)
    this.#last = turn.catch(() => {})
    return turn
  }
}
