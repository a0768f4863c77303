/** One clock for all processes of a machine, in milliseconds. */
export const now = () => Number(process.hrtime.bigint()) / 1e6

/** Notes when each entry of a journal came to be seen. */
export class Recorder {
  #times = []
  #waiting = []

  /** The journal is now this long. */
  seen (length) {
    if (length <= this.#times.length) return
    const at = now()
    while (this.#times.length < length) this.#times.push(at)
    const due = this.#waiting.filter((wait) => wait.length <= length)
    this.#waiting = this.#waiting.filter((wait) => wait.length > length)
    for (const { resolve } of due) resolve()
  }

  /** When each entry from `from` to before `to` was seen; resolves once all are. */
  async times (from, to) {
    if (this.#times.length < to) await new Promise((resolve) => this.#waiting.push({ length: to, resolve }))
    return this.#times.slice(from, to)
  }
}
