import { fork } from 'node:child_process'
import { once } from 'node:events'

const patienceMs = 600_000

/** A process that runs worker.mjs for a system. */
export class WorkerProcess {
  #system
  #child
  #waiting = new Map()
  #last = 0

  constructor (system) {
    this.#system = system
    this.#child = fork(new URL('worker.mjs', import.meta.url), [system])
    this.#child.on('message', ({ id, result, error }) => this.#settle(id, error === undefined ? undefined : new Error(`${system}: ${error}`), result))
    this.#child.on('exit', (code, signal) => {
      for (const id of this.#waiting.keys()) this.#settle(id, new Error(`${system}: the process ended (${code ?? signal})`))
    })
  }

  /** Resolves to what the task gives; rejects when it fails, the process ends or ten minutes pass. */
  call (task, options) {
    const id = ++this.#last
    const timer = setTimeout(() => this.#settle(id, new Error(`${this.#system}: "${task}" takes more than ${patienceMs / 60_000} minutes`)), patienceMs)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, timer })
      this.#child.send({ id, task, options }, (cause) => {
        if (cause !== null) this.#settle(id, new Error(`${this.#system}: "${task}" cannot be asked for, the process has ended`, { cause }))
      })
    })
  }

  /** Ends it at once; safe when it has ended. */
  kill () {
    this.#child.kill('SIGKILL')
  }

  /** Ends it; resolves once it is gone. */
  async end () {
    const { exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null) return
    this.kill()
    await once(this.#child, 'exit')
  }

  #settle (id, error, result) {
    const { resolve, reject, timer } = this.#waiting.get(id) ?? {}
    if (!this.#waiting.delete(id)) return
    clearTimeout(timer)
    if (error === undefined) resolve(result)
    else reject(error)
  }
}
